// A search of the clauses by hand: what a question finds, with scores and reasons.
import { make } from "../../ui/dom.js";
import { hashOf } from "../lib/routes.js";
import { shortDate } from "../lib/times.js";
import { placeText, scoresOf, searchNotes } from "../models/clause-search.js";
import { shareBar } from "./figure-parts.js";
import { failure } from "./report-parts.js";

const MAX_QUERY = 500; // characters; what the gateway takes

/** `query`: {q, as} of the address. Returns {update, unmount}. */
export function mountClauseSearch(element, { api, text, announcer }, query) {
  const input = make("input", {
    type: "search",
    maxLength: MAX_QUERY,
    required: true,
    autocomplete: "off",
    value: query.q ?? "",
  });
  const audience = make("select", {});
  for (const name of ["customer", "staff"]) {
    audience.append(make("option", { value: name, textContent: text(`audience_${name}`) }));
  }
  audience.value = query.as === "staff" ? "staff" : "customer";
  const results = make("div", { className: "found-clauses" });
  const form = make(
    "form",
    { className: "search-form" },
    labelled(text("searchQuestion"), input, "grow"),
    labelled(text("searchFor"), audience),
    make("button", { className: "primary", textContent: text("searchNow") }),
  );
  let newest = 0;

  async function find({ q, as }) {
    const mine = (newest += 1);
    try {
      const found = await api.read("knowledge/search", { query: q, audience: as });
      if (mine !== newest) return;
      const notes = searchNotes(found).map(([key, values]) => text(key, values));
      announcer.textContent = notes[0];
      results.replaceChildren(
        ...notes.map((words, place) =>
          make("p", { className: place ? "hint" : "verdict", textContent: words }),
        ),
        listOf(found.data, text),
      );
    } catch (error) {
      if (mine === newest) results.replaceChildren(failure(error, text, () => find({ q, as })));
    }
  }

  form.onsubmit = (event) => {
    event.preventDefault();
    const wanted = { q: input.value.trim(), as: audience.value };
    const hash = hashOf("system", ["knowledge"], { q: wanted.q, as: wanted.as });
    if (hash === location.hash) find(wanted);
    else location.hash = hash; // `update` follows
  };

  function update({ q = "", as = "customer" }) {
    input.value = q;
    audience.value = as === "staff" ? "staff" : "customer";
    if (q) find({ q, as: audience.value });
    else results.replaceChildren(make("p", { className: "hint", textContent: text("searchHint") }));
  }

  element.append(form, results);
  update(query);
  return { update, unmount: () => (newest += 1) };
}

function labelled(words, field, more = "") {
  return make("label", { className: `field ${more}` }, make("span", { textContent: words }), field);
}

function listOf(data, text) {
  return make("ol", { className: "clauses" }, ...data.map((one) => clauseItem(one, text)));
}

function clauseItem(one, text) {
  const number = one.clause ? text("clause", { clause: one.clause }) : "";
  const date = one.date && shortDate(one.date, text.locale);
  const why = text(`why_${one.reason}`, { author: one.author, date });
  const place = [one.source, one.place && placeText(one.place, text)].filter(Boolean).join(" · ");
  const scores = scoresOf(one).map(({ key, share }) =>
    make("div", {}, make("dt", { textContent: text(key) }), make("dd", {}, shareBar(share))),
  );
  return make(
    "li",
    { className: one.cited ? "clause-row cited" : "clause-row" },
    make(
      "p",
      { className: "clause-title" },
      make("strong", { textContent: one.title }),
      make("span", { className: "number", textContent: number }),
    ),
    make("p", { className: "why" }, text(one.cited ? "citedWhy" : "notCitedWhy", { why })),
    make("dl", { className: "scores" }, ...scores),
    make(
      "details",
      {},
      make("summary", { textContent: firstLine(one.text) }),
      make("p", { className: "whole", textContent: one.text }),
    ),
    make("p", { className: "hint", textContent: place && `${text("clausePlace")} ${place}` }),
  );
}

const firstLine = (words) => words.split("\n").find((line) => line.trim()) ?? "";
