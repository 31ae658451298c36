// The card of fields that were read in a question's pictures. It is a form that corrects them.
import {
  correctedFields,
  correctionQuestion,
  isToldTwice,
  readingsFor,
} from "../models/conversation.js";
import { icon, iconButton, isSubmit, make } from "./dom.js";

const FIRST_FIELDS = 12; // shown at once; the others behind a button
const LINE = 30; // characters of a value in one line on a phone; Chinese ones count as two
const CHINESE = "\u2e7f"; // what comes after it is twice as wide

/**
 * `services`: {session, text, locate}; `locate(reading, field)` shows a field in its picture.
 */
export function mountFields(form, turn, question, services) {
  const { session, text } = services;
  const fields = fieldsOf(turn, question, session.conversation.turns);
  form.hidden = fields.length === 0;
  if (form.hidden) return;
  form.querySelector("h2").textContent = titleOf(readingsFor(turn, question), text);
  form.querySelector(".note").textContent = text("fieldsHint");
  form.querySelector("[type=submit]").textContent = text("correct");
  form.querySelector("[type=reset]").textContent = text("reset");
  const buttons = form.querySelector(".buttons");
  buttons.hidden = true;
  const inputs = [];
  const changed = () => (buttons.hidden = !inputs.some(isChanged));
  const rows = fields.flatMap((one, index) => {
    const input = fieldInput(one, changed, text);
    inputs.push({ input, field: one.field, image: one.reading.image });
    const before = fields[index - 1];
    const isSame = one.reading === before?.reading && one.field.name === before.field.name;
    return fieldRow(input, one, isSame, services);
  });
  form.querySelector("dl").replaceChildren(...rows);
  mountMore(form.querySelector(".more"), rows, text);
  form.onreset = () => (buttons.hidden = true);
  form.onsubmit = (event) => {
    event.preventDefault();
    askCorrected(form, inputs.filter(isChanged), session, text);
  };
}

/** "Waybill" where all pictures are of one kind that has a name. */
function titleOf(readings, text) {
  const kinds = new Set(readings.map(({ kind }) => kind ?? "other"));
  const [kind] = kinds;
  return kinds.size === 1 && kind !== "other" ? text(`kind_${kind}`) : text("fieldsTitle");
}

/** Hides the rows behind the first FIRST_FIELDS until the button shows them. */
function mountMore(button, rows, text) {
  const rest = rows.slice(2 * FIRST_FIELDS); // a row is a name and a value
  for (const one of rest) one.hidden = true;
  button.hidden = rest.length === 0;
  button.textContent = text("allFields", { count: rows.length / 2 });
  button.onclick = () => {
    for (const one of rest) one.hidden = false;
    button.hidden = true;
  };
}

/** [{field, shown, reading}]: `field` as it was read, `shown` with the person's corrections. */
function fieldsOf(turn, question, turns) {
  const withCorrections = (reading) =>
    correctedFields({ fields: reading.fields }, turns)
      .map((shown, index) => ({ field: reading.fields[index], shown, reading }))
      .filter(({ field }) => !isToldTwice(field, reading.fields));
  return readingsFor(turn, question).flatMap(withCorrections);
}

function fieldInput({ field, shown }, oninput, text) {
  const value = inOneLine(shown.value);
  const isWrapped = isLong(value);
  const input = make(isWrapped ? "textarea" : "input", {
    value,
    defaultValue: value,
    ariaLabel: nameOf(field, text),
    autocomplete: "off",
    spellcheck: false,
    oninput,
  });
  if (isWrapped) wrap(input);
  if (shown !== field) markCorrected({ input, field }, text);
  else if (field.corrected) markCorrected({ input }, text);
  return input;
}

const inOneLine = (value) => value.replace(/[\r\n]+/g, "");

const isLong = (value) => [...value].reduce((sum, one) => sum + (one > CHINESE ? 2 : 1), 0) > LINE;

/** A long value is seen whole, in as many lines as it needs. Enter sends it, as in a field. */
function wrap(area) {
  area.rows = CSS.supports("field-sizing", "content") ? 1 : 2;
  area.onkeydown = (event) => {
    if (!isSubmit(event)) return;
    event.preventDefault();
    area.form.requestSubmit();
  };
}

/** The words for a field: the page's, else the label that it had in the picture. */
function nameOf({ name, label }, text) {
  const words = text(`field_${name}`);
  return words === `field_${name}` ? (label ?? name) : words;
}

/** `isSame`: the field before has the same name. Under each other it is not shown again. */
function fieldRow(input, { field, shown, reading }, isSame, { text, locate }) {
  const name = nameOf(field, text);
  const value = make("dd", {}, input);
  if (shown.valid === false) {
    const words = make("span", { className: "visually-hidden", textContent: text("invalid") });
    const properties = { className: "warning", title: text("invalid") };
    value.append(make("span", properties, icon("warn"), words));
  }
  if (field.box) {
    const find = text("locate", { name });
    const show = () => locate(reading, field);
    value.append(iconButton("locate", find, show, { className: "icon-button small" }));
  }
  const label = make("dt", {}, make("span", { textContent: name }));
  // What happened to a parcel is a sentence.
  const isWide = field.name === "event";
  if (isWide) label.className = value.className = "wide";
  if (isWide && isSame) label.firstChild.className = "visually-hidden";
  return [label, value];
}

/** Asks again with the corrections. `old` is the value that was read, even if corrected before. */
function askCorrected(form, changed, session, text) {
  if (!changed.length || session.busy) return;
  const changes = changed.map(({ input, field }) => {
    return { name: field.name, value: valueOf(input), old: field.value };
  });
  for (const one of changed) {
    one.input.defaultValue = one.input.value; // survives the reset below
    markCorrected(one, text);
  }
  form.reset();
  const corrections = changed.map(({ field, image }, index) => {
    return { image, name: field.name, value: changes[index].value, was: field.value };
  });
  session.ask(correctionQuestion(changes, text), [], { corrections });
}

/** `field`: as it was read, where that is known. */
function markCorrected({ input, field }, text) {
  input.className = "corrected";
  input.title = field ? text("correctedFrom", { value: field.value }) : text("correctedByYou");
}

const valueOf = (input) => inOneLine(input.value).trim();

function isChanged({ input }) {
  const value = valueOf(input);
  return value !== "" && value !== input.defaultValue;
}
