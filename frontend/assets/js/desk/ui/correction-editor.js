// Writing a correction where the bad answer stands: try it, keep it, take it back.
import { errorMessage } from "../../models/failure.js";
import { make } from "../../ui/dom.js";
import { trialRows } from "../models/quality.js";
import { CorrectionDraft } from "../state/correction-draft.js";
import { button, mark, table } from "./report-parts.js";

const MAX_TEXT = 4000; // characters; what the gateway takes
const MAX_QUESTION = 500;
const MAX_QUESTIONS = 20;
let made = 0;

/**
 * Buttons under an item: one that opens the editor in `item`, and those of `more`. `begin`: what
 * the draft begins with.
 */
export function correctable(item, begin, words, services, ...more) {
  let editor = null;
  const open = button(words, () => {
    editor ??= editorOf(new CorrectionDraft(services.api, begin), services, close);
    item.append(editor.element);
    open.ariaExpanded = "true";
    open.hidden = true;
    editor.focus();
  });
  open.ariaExpanded = "false";

  function close() {
    editor.element.remove();
    open.hidden = false;
    open.ariaExpanded = "false";
    open.focus();
  }

  return make("div", { className: "item-buttons" }, open, ...more);
}

function editorOf(draft, { text, announcer }, close) {
  const number = (made += 1);
  const words = make("textarea", {
    id: `correction-${number}`,
    value: draft.text,
    maxLength: MAX_TEXT,
    rows: 4,
  });
  const tries = make("textarea", { id: `tries-${number}`, rows: 2, className: "tries" });
  const questions = questionsOf(draft, text);
  const trial = make("div", { className: "trial" });
  const status = make("p", { className: "hint editor-status" });
  const tryIt = button(text("tryIt"), () => step(draft.try()), "primary");
  const keep = button(text("keepIt"), () => step(draft.keep()));
  const takeBack = button(text("takeBack"), () => step(draft.takeBack()));
  const cancel = button(text("close"), close);

  /** The button that was pressed is disabled meanwhile: the focus goes on to the next one. */
  async function step(work) {
    await work;
    if (document.activeElement !== document.body) return;
    [takeBack, keep, tryIt].find((one) => !one.hidden && !one.disabled)?.focus();
  }

  words.oninput = () => draft.change({ text: words.value });
  tries.oninput = () => draft.change({ tries: linesOf(tries.value) });

  function show() {
    const isKept = Boolean(draft.kept);
    tryIt.disabled = draft.isBusy || !draft.isWhole || isKept;
    keep.disabled = draft.isBusy || !draft.isTried || isKept;
    keep.className = draft.isTried && !isKept ? "primary" : "quiet";
    tryIt.className = draft.isTried || isKept ? "quiet" : "primary";
    takeBack.hidden = !isKept;
    takeBack.disabled = draft.isBusy;
    tryIt.hidden = keep.hidden = isKept;
    words.readOnly = isKept;
    questions.update(isKept);
    const line = statusOf(draft, text);
    if (status.textContent !== line) status.textContent = announcer.textContent = line;
    status.classList.toggle("wrong", Boolean(draft.error));
  }

  let shownTrial = null;
  draft.addEventListener("changed", () => {
    show();
    if (shownTrial !== draft.trial) {
      shownTrial = draft.trial;
      trial.replaceChildren(...trialOf(draft.trial, text));
    }
  });
  show();
  const element = make(
    "div",
    { className: "editor" },
    make("label", { htmlFor: words.id, textContent: text("correctionText") }),
    words,
    questions.element,
    make("label", { htmlFor: tries.id, textContent: text("otherWordings") }),
    tries,
    trial,
    make("div", { className: "item-buttons" }, tryIt, keep, takeBack, cancel, status),
  );
  return { element, focus: () => words.focus() };
}

function statusOf(draft, text) {
  if (draft.error) return errorMessage(draft.error, text);
  if (draft.kept) return text("kept");
  return draft.isTried ? "" : text("tryFirst");
}

/** Questions as boxes to tick, and a line for another one. */
function questionsOf(draft, text) {
  const list = make("ul", { className: "ticks" });
  const input = make("input", {
    type: "text",
    maxLength: MAX_QUESTION,
    ariaLabel: text("addQuestion"),
  });
  input.placeholder = text("addQuestion");
  const boxes = [];

  function changed() {
    const chosen = boxes.filter(({ checked }) => checked).map(({ value }) => value);
    draft.change({ questions: chosen });
  }

  function addBox(question) {
    const box = make("input", { type: "checkbox", checked: true, value: question });
    box.onchange = changed;
    boxes.push(box);
    list.append(make("li", {}, make("label", {}, box, make("span", { textContent: question }))));
  }

  function addTyped() {
    const question = input.value.trim();
    const isNew = !boxes.some(({ value }) => value === question);
    if (!question || !isNew || boxes.length >= MAX_QUESTIONS) return;
    addBox(question);
    input.value = "";
    changed();
  }

  const add = button(text("add"), addTyped);
  input.onkeydown = (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    addTyped();
  };
  draft.questions.forEach(addBox);
  const fields = make(
    "fieldset",
    {},
    make("legend", { textContent: text("correctionQuestions") }),
    list,
    make("div", { className: "add-question" }, input, add),
  );
  return { element: fields, update: (isKept) => (fields.disabled = isKept) };
}

function trialOf(trial, text) {
  if (!trial) return [];
  const rows = trialRows(trial);
  const count = rows.filter(({ wins }) => wins).length;
  const columns = [
    { words: text("askedLabel") },
    { words: text("triedNow") },
    { words: text("triedThen") },
  ];
  const cells = rows.map(({ question, wins, before, after }) => [
    question,
    clauseName(before, text),
    wins ? mark("good", text("triedThis")) : clauseName(after, text),
  ]);
  return [
    make("p", { textContent: text("triedWins", { count, total: rows.length }) }),
    table(text("trialTable"), columns, cells),
  ];
}

function clauseName(clause, text) {
  if (!clause) return make("span", { className: "hint", textContent: text("triedNothing") });
  return [clause.title, clause.clause].filter(Boolean).join(" · ");
}

const linesOf = (words) =>
  words
    .split("\n")
    .map((line) => line.trim().slice(0, MAX_QUESTION))
    .filter(Boolean)
    .slice(0, MAX_QUESTIONS);
