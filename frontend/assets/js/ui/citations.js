// Citations as chips; a click opens the clause with the question's words marked.
import { markWords, wordsOf } from "../render/mark.js";

export function mountCitations(element, citations, question, text) {
  element.hidden = citations.length === 0;
  element.replaceChildren();
  for (const citation of citations) {
    const number = citation.clause ? text("clause", { clause: citation.clause.replace(/^第|条$/g, "") }) : "";
    const chip = Object.assign(document.createElement("button"), { type: "button", className: "chip", textContent: [citation.title, number].filter(Boolean).join(" · ") });
    chip.onclick = () => openClause(citation, number, question);
    element.append(chip);
  }
}

function openClause(citation, number, question) {
  const dialog = document.getElementById("clause");
  dialog.querySelector("h2").textContent = citation.title;
  dialog.querySelector(".number").textContent = number;
  markWords(dialog.querySelector(".text"), citation.text, wordsOf(question));
  dialog.showModal();
}
