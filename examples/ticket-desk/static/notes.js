// A note as the agent sees it: text, fields and citations, shown as text and never as HTML.
import { WORDS, ago, locale, say } from "./words.js";

export function noteItem(note) {
  const item = document.getElementById("note-template").content.firstElementChild.cloneNode(true);
  const byAI = note.author === "SightDesk";
  item.classList.toggle("by-ai", byAI);
  item.querySelector(".who").textContent =
    `${byAI ? say("byAI") : note.author} · ${ago(note.created)}`;
  item.querySelector(".text").append(...paragraphs(note.text));
  fill(item.querySelector("dl"), note.fields, ({ name, value }) => [
    make("dt", WORDS[locale].fields[name] ?? name),
    make("dd", value),
  ]);
  fill(item.querySelector(".citations"), note.citations, (one) => {
    const chip = make(
      "li",
      [one.title, one.clause && say("clause", { n: one.clause.replace(/^第|条$/g, "") })]
        .filter(Boolean)
        .join(" · "),
    );
    chip.title = one.text;
    return [chip];
  });
  return item;
}

/** The Markdown that answers use: paragraphs, quotations, list items, bold. */
function paragraphs(text) {
  return text
    .split(/\n+/)
    .filter((line) => line.trim())
    .map((line) => {
      const [, mark, rest] = line.match(/^\s*(>|[-*]|#+)?\s*(.*)$/);
      const element = make(mark === ">" ? "blockquote" : "p", "");
      if (mark === "-" || mark === "*") element.className = "item";
      rest
        .split(/\*\*(.+?)\*\*/g)
        .forEach((piece, index) => element.append(index % 2 ? make("strong", piece) : piece));
      return element;
    });
}

function fill(list, values, itemsOf) {
  list.hidden = values.length === 0;
  list.append(...values.flatMap(itemsOf));
}

function make(tag, textContent) {
  return Object.assign(document.createElement(tag), { textContent });
}
