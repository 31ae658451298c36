// What comes with an answer: what was read, citations, failure, and what can be done with it.
import { correctedFields, correctionOf, readingsFor } from "../models/conversation.js";
import { wordsFor } from "../models/failure.js";
import { copyText, icon, iconButton, make, toast } from "./parts.js";

const SHOWN_FIELDS = 12;
const REASONS = ["reason_wrong", "reason_misread", "reason_clause", "reason_unclear"];

/** `parts`: {session, text, limits, serverKept, insert, pictureUrl}. */
export function dressAnswer(article, turn, question, isLast, parts) {
  const { text } = parts;
  article.querySelector(".partial").hidden = !readingsFor(turn, question).some((reading) => reading.partial);
  article.querySelector(".partial").textContent = text("partial");
  mountFields(article.querySelector(".fields"), turn, question, parts);
  mountCitations(article.querySelector(".citations"), turn, question, parts);
  article.querySelector(".stopped").hidden = !turn.stopped;
  article.querySelector(".stopped").textContent = text("stopped");
  mountActions(article.querySelector(".actions"), turn, isLast, parts);
  if (turn.failure && isLast) showFailure(article, turn.failure, parts);
}

function mountFields(form, turn, question, { session, text, pictureUrl }) {
  const readings = readingsFor(turn, question);
  const { turns } = session.conversation;
  const corrected = (fields) => correctedFields({ fields }, turns);
  const fields = readings.flatMap((reading) => corrected(reading.fields).map((shown, index) => ({ shown, field: reading.fields[index], reading }))).slice(0, SHOWN_FIELDS);
  form.hidden = fields.length === 0;
  if (form.hidden) return;
  form.querySelector("h2").textContent = text("fieldsTitle");
  form.querySelector(".note").textContent = text("fieldsHint");
  const buttons = form.querySelector(".buttons");
  const list = form.querySelector("dl");
  const inputs = [];
  list.replaceChildren();
  for (const { shown, field, reading } of fields) {
    const name = text(`field_${field.name}`);
    const input = make("input", { value: shown.value, defaultValue: shown.value, ariaLabel: name, autocomplete: "off", spellcheck: false });
    input.oninput = () => (buttons.hidden = !inputs.some(isChanged));
    inputs.push({ input, field });
    const value = make("dd", {}, input);
    if (shown !== field) markCorrected({ input, field }, text);
    if (shown.valid === false) value.append(make("span", { className: "warning", title: text("invalid") }, icon("warn"), make("span", { className: "visually-hidden", textContent: text("invalid") })));
    if (field.box) value.append(iconButton("locate", text("locate", { name }), () => lightUp(reading, field, question, { text, pictureUrl }), { className: "icon-button small" }));
    list.append(make("dt", { textContent: name }), value);
  }
  buttons.hidden = true;
  form.querySelector("[type=submit]").textContent = text("correct");
  form.querySelector("[type=reset]").textContent = text("reset");
  form.onreset = () => (buttons.hidden = true);
  form.onsubmit = (event) => {
    event.preventDefault();
    // By what was read, also where it had been corrected before.
    const changed = inputs.filter(isChanged);
    const changes = changed.map(({ input, field }) => ({ name: field.name, value: input.value.trim(), old: field.value }));
    if (!changes.length || session.busy) return;
    for (const one of changed) {
      one.input.defaultValue = one.input.value; // what was put right stays
      markCorrected(one, text);
    }
    form.reset();
    session.ask(correctionOf(changes, text), []);
  };
}

const markCorrected = ({ input, field }, text) => Object.assign(input, { className: "corrected", title: text("correctedFrom", { value: field.value }) });

const isChanged = ({ input }) => input.value.trim() !== "" && input.value.trim() !== input.defaultValue;

async function lightUp(reading, field, question, { text, pictureUrl }) {
  const { openLightbox } = await import("./lightbox.js");
  const file = question.files.find(({ id }) => id === reading.image);
  openLightbox({ file, readings: [reading], lit: field, text, pictureUrl });
}

function mountCitations(element, turn, question, { text, pictureUrl }) {
  const citations = turn.citations ?? [];
  // What led to a clause is in the question or in its picture.
  const asked = [question?.text, ...(turn.fields ?? []).map((field) => field.value)].filter(Boolean).join(" ");
  const seen = readingsFor(turn, question).flatMap((reading) => reading.fields.filter((field) => field.box && field.value.length > 2 && turn.text.includes(field.value)).map((field) => ({ field, reading })));
  element.hidden = citations.length + seen.length === 0;
  element.replaceChildren();
  for (const citation of citations) {
    const number = citation.clause ? text("clause", { clause: citation.clause.replace(/^第|条$/g, "") }) : "";
    const words = [citation.title, number].filter(Boolean).join(" · ");
    element.append(chip("clause", words, async () => (await import("./clause.js")).openClause(citation, number, asked, text)));
  }
  for (const { field, reading } of seen.slice(0, 4)) {
    const words = text("seen", { name: text(`field_${field.name}`), value: field.value });
    element.append(chip("locate", words, () => lightUp(reading, field, question, { text, pictureUrl }), "chip seen"));
  }
}

const chip = (name, words, onclick, className = "chip") => make("button", { type: "button", className, onclick, title: words }, icon(name), make("span", { textContent: words }));

function mountActions(element, turn, isLast, { session, text, serverKept, insert, limits }) {
  element.hidden = !turn.text && !isLast;
  element.replaceChildren();
  const say = (error) => toast(wordsFor(error, text, limits));
  if (turn.text) element.append(iconButton("copy", text("copy"), (event) => copied(event.currentTarget, turn.text, text), { className: "icon-button copy" }));
  if (isLast && !turn.failure) element.append(iconButton("again", text("regenerate"), () => session.retry(), { className: "icon-button regenerate" }));
  if (serverKept && turn.answer) {
    const up = iconButton("up", text("helpful"), () => session.rate(turn, "up").then(rated, say), { className: "icon-button rate-up" });
    const down = iconButton("thumb-down", text("unhelpful"), askWhy, { className: "icon-button rate-down" });
    const shown = () => [[up, "up"], [down, "down"]].forEach(([button, rating]) => button.setAttribute("aria-pressed", String(turn.rating === rating)));
    const rated = () => (shown(), toast(text("thanks")));
    async function askWhy() {
      const { askFor } = await import("./dialogs.js");
      const reason = await askFor({ title: text("reasonTitle"), label: text("reasonLabel"), choices: REASONS.map((key) => text(key)), submit: text("send"), text });
      if (reason !== null) session.rate(turn, "down", reason).then(rated, say);
    }
    element.append(up, down);
    shown();
  }
  if (insert && turn.answer && turn.text) element.append(iconButton("insert", text("insert"), () => (session.insert(turn), toast(text("inserted"))), { className: "tool insert", shown: true }));
  if (serverKept && isLast) {
    element.append(make("span", { className: "spring" }), iconButton("person", text("handoff"), handOff, { className: "tool handoff", shown: true }));
  }

  async function handOff() {
    const { askFor } = await import("./dialogs.js");
    const note = await askFor({ title: text("handoffTitle"), label: text("handoffLabel"), submit: text("handoff"), text });
    if (note !== null) session.handOff(note).then(({ id }) => toast(text("handedOff", { id })), say);
  }
}

export async function copied(button, words, text) {
  if (!(await copyText(words))) return toast(text("notCopied"));
  button.replaceChildren(icon("check"));
  button.ariaLabel = button.title = text("copied");
  setTimeout(() => {
    button.replaceChildren(icon("copy"));
    button.ariaLabel = button.title = text("copy");
  }, 2000);
}

function showFailure(article, failure, { session, text, limits }) {
  const box = article.querySelector(".failure");
  box.hidden = false;
  box.querySelector("p").textContent = wordsFor(failure, text, limits);
  const button = box.querySelector(".retry");
  button.onclick = () => session.retry();
  countDown(button, failure.until ?? 0, text);
}

function countDown(button, until, text) {
  const seconds = Math.ceil((until - Date.now()) / 1000);
  button.disabled = seconds > 0;
  button.textContent = seconds > 0 ? text("retryIn", { seconds }) : text("retry");
  if (seconds > 0) setTimeout(() => button.isConnected && countDown(button, until, text), until - Date.now() - 1000 * (seconds - 1));
}
