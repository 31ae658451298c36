// Answers that are ready: the clauses of the company, found by words, one click from the reply.
import { make } from "../../../ui/dom.js";
import { readyClauses } from "../../models/clause-search.js";
import { failureText } from "../failures.js";
import { clauseLabel } from "../transcript.js";

const MAX_SHOWN = 6;

/**
 * `services`: {routes, text, config, insert, mayInsert}: `insert(words)` adds to the reply where
 * `mayInsert()`. Returns {show, refresh}: `show(citations, question)` begins anew with the clauses
 * that the conversation cites.
 */
export function mountClauses(form, services) {
  const { routes, text } = services;
  const field = form.querySelector("input");
  const list = form.querySelector("ul");
  const note = form.querySelector("[role=status]");
  let clauses = [];
  let question = "";
  let latest = 0; // the search that counts
  form.querySelector(".field-label").textContent = field.placeholder = text("findClauses");
  form.querySelector("button").textContent = text("find");

  const draw = () => list.replaceChildren(...clauses.map((one) => clauseItem(one, services)));

  async function find() {
    const query = field.value.trim() || question;
    if (!query) return;
    const mine = (latest += 1);
    note.textContent = text("finding");
    try {
      const found = await routes.clauses(query);
      if (mine !== latest) return;
      clauses = readyClauses(found, query).slice(0, MAX_SHOWN);
      note.textContent = clauses.length ? "" : text("nothingFound");
      draw();
    } catch (error) {
      if (mine === latest) note.textContent = failureText(error, services);
    }
  }

  form.onsubmit = (event) => {
    event.preventDefault();
    find();
  };

  function show(citations, asked) {
    latest += 1;
    clauses = citations.slice(0, MAX_SHOWN);
    question = asked.slice(0, 500);
    field.value = note.textContent = "";
    draw();
  }

  const refresh = () => {
    for (const button of list.querySelectorAll("button")) button.disabled = !services.mayInsert();
  };
  return { show, refresh };
}

function clauseItem(clause, { text, insert, mayInsert }) {
  const label = clauseLabel(clause, text);
  const summary = make("summary", {}, make("span", { textContent: label }));
  const words = make("p", { className: "clause-text", textContent: clause.text });
  const button = make("button", {
    type: "button",
    className: "chip",
    textContent: text("useClause"),
    ariaLabel: `${text("useClause")}: ${label}`,
    disabled: !mayInsert(),
    onclick: () => insert(clause.text),
  });
  return make("li", {}, make("details", {}, summary, words), button);
}
