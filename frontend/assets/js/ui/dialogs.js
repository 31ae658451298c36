// Dialogs that ask for a text or for a confirmation; null where the person closed them.
import { make, openDialog } from "./dom.js";

const MAX_TEXT = 2000; // characters; what the gateway takes
const MAX_LINE = 200;
const REASONS = ["reason_wrong", "reason_misread", "reason_clause", "reason_unclear"];

/**
 * Resolves to the text that was given. `choices`: texts that a click adds. `single`: asks for one
 * line of at most 200 characters, which may not be empty.
 */
export function askFor(options) {
  const { title, label, submit, text, value = "", choices = [], single = false } = options;
  const { dialog, body } = openDialog("asking", title, text("close"));
  const input = single
    ? make("input", { value, maxLength: MAX_LINE, required: true, autocomplete: "off" })
    : make("textarea", { value, rows: 3, maxLength: MAX_TEXT });
  const separator = text.locale === "en" ? "; " : "；";
  const chips = choices.map((textContent) => {
    const add = () => {
      input.value = [input.value.trim(), textContent].filter(Boolean).join(separator);
      input.focus();
    };
    return make("button", { type: "button", className: "chip", textContent, onclick: add });
  });
  const content = [make("label", {}, make("span", { textContent: label }), input)];
  if (chips.length) content.unshift(make("div", { className: "choices" }, ...chips));
  return answered(dialog, body, content, { submit, text }, () => input.value.trim());
}

/** What was wrong with an answer: resolves to the reason, perhaps "", or null. */
export function askWhy(text) {
  const choices = REASONS.map((key) => text(key));
  const [title, label, submit] = [text("reasonTitle"), text("reasonLabel"), text("send")];
  return askFor({ title, label, choices, submit, text });
}

/** Resolves to true, or null. */
export function confirmed({ title, words, submit, text }) {
  const { dialog, body } = openDialog("asking", title, text("close"));
  const content = [make("p", { textContent: words })];
  return answered(dialog, body, content, { submit, text, isDangerous: true }, () => true);
}

function answered(dialog, body, content, { submit, text, isDangerous = false }, result) {
  return new Promise((resolve) => {
    let given = null;
    const button = (type, className, textContent) =>
      make("button", { type, className, textContent });
    const cancel = button("button", "quiet", text("cancel"));
    const accept = button("submit", isDangerous ? "primary danger" : "primary", submit);
    const buttons = make("div", { className: "buttons" }, cancel, accept);
    const form = make("form", { method: "dialog" }, ...content, buttons);
    cancel.onclick = () => dialog.close();
    form.onsubmit = () => (given = result());
    dialog.addEventListener("close", () => resolve(given));
    body.append(form);
    (form.querySelector("input, textarea") ?? accept).focus();
  });
}
