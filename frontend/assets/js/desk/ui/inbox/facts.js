// What is known beside the conversation: the wish and the contact, what was tried, what was read.
import { isToldTwice } from "../../../models/conversation.js";
import { icon, iconButton, make } from "../../../ui/dom.js";
import { statusKey } from "../../models/approvals.js";
import { reasonKey } from "../../models/handoffs.js";
import { filesOf, readingsOf } from "../../models/transcript.js";
import { openPicture, pictureButtons } from "../pictures.js";
import { clauseLabel } from "../transcript.js";

/** Draws the facts of a hand-over. `services`: as in `drawTranscript`. */
export function drawFacts(element, handoff, messages, services) {
  const form = JSON.stringify([handoff.note, handoff.contact, handoff.resolution, handoff.details]);
  const files = filesOf(messages);
  const readings = readingsOf(messages);
  const state = JSON.stringify([handoff.id, form, files, readings]);
  if (element.dataset.state === state) return; // an opened part stays open, the focus stays
  element.dataset.state = state;
  element.replaceChildren(
    ...[
      wishes(handoff, services),
      asked(handoff, services),
      tried(handoff, services),
      cited(handoff, services),
      ...readings.map((reading) => fieldsOf(reading, files, services)),
      pictures(files, services),
    ].filter(Boolean),
  );
}

function part(title, ...content) {
  return make("section", {}, make("h3", { textContent: title }), ...content);
}

function row(label, value) {
  return [make("dt", { textContent: label }), make("dd", { textContent: value })];
}

function wishes({ note, contact, reason, rule, resolution }, { text }) {
  const rows = [row(text("why"), text(reasonKey({ reason, rule })))];
  if (note) rows.push(row(text("noteOfCustomer"), note));
  if (contact) rows.push(row(text("contact"), contact));
  if (resolution) rows.push(row(text("resolution"), resolution));
  return part(text("request"), make("dl", {}, ...rows.flat()));
}

/** What the customer asked until a person was asked for. */
function asked({ details }, { text }) {
  return listOf("wasAsked", details?.asked ?? [], text);
}

/** The clauses that the assistant's answers rested on until then. */
function cited({ details }, { text }) {
  const lines = (details?.cited ?? []).map((one) => clauseLabel(one, text));
  return listOf("wasCited", lines, text);
}

function listOf(name, lines, text) {
  const items = lines.map((line) => make("li", {}, make("span", { textContent: line })));
  return items.length ? part(text(name), make("ul", { className: "lines" }, ...items)) : null;
}

/** What the assistant tried: results of systems, and writes. */
function tried({ details }, { text }) {
  const items = (details?.tried ?? []).map(({ title, status, by, text: words }) => {
    const mark = icon(status === "done" ? "check" : "warn");
    const said = [text(statusKey({ status, by })), words].filter(Boolean).join(" · ");
    const name = make("strong", { textContent: title ?? "" });
    return make("li", {}, mark, make("span", {}, name, " ", said));
  });
  return items.length ? part(text("tried"), make("ul", { className: "tried" }, ...items)) : null;
}

function fieldsOf(reading, files, services) {
  const { text } = services;
  const file = files.find(({ id }) => id === reading.image);
  const fields = reading.fields.filter((field) => !isToldTwice(field, reading.fields));
  const rows = fields.flatMap((field) => {
    const name = nameOf(field, text);
    const value = make("dd", {}, make("span", { textContent: field.value }));
    if (field.valid === false) {
      value.append(make("span", { className: "warning", title: text("invalid") }, icon("warn")));
      value.append(make("span", { className: "visually-hidden", textContent: text("invalid") }));
    }
    if (field.corrected) {
      value.append(make("small", { textContent: text("correctedByCustomer") }));
    }
    if (field.box && file) {
      const show = () => openPicture(file, services, field, reading.page ?? 1);
      const small = { className: "icon-button small" };
      value.append(iconButton("locate", text("locate", { name }), show, small));
    }
    return [make("dt", { textContent: name }), value];
  });
  const kind = reading.kind && reading.kind !== "other" ? `kind_${reading.kind}` : "fieldsTitle";
  return part(text(kind), make("dl", { className: "read" }, ...rows));
}

/** The words for a field: the page's, else the label that it had in the picture. */
function nameOf({ name, label }, text) {
  const words = text(`field_${name}`);
  return words === `field_${name}` ? (label ?? name) : words;
}

function pictures(files, services) {
  if (!files.length) return null;
  const list = make("div", { className: "pictures" });
  list.append(...files.flatMap((file) => pictureButtons(file, services)));
  return part(services.text("pictures"), list);
}
