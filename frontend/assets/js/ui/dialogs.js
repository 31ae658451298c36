// Asking for a line, a reason or a yes; null where the person thought better of it.
import { make, openDialog } from "./parts.js";

const LONGEST = 2000; // what the gateway takes

/** Resolves to the words given. `choices` are words that a click puts in; `single` asks for one line of at most 200. */
export function askFor({ title, label, submit, text, value = "", choices = [], single = false }) {
  const { dialog, body } = openDialog("asking", title, text("close"));
  const input = single ? make("input", { value, maxLength: 200, required: true, autocomplete: "off" }) : make("textarea", { value, rows: 3, maxLength: LONGEST });
  const chips = choices.map((words) => make("button", {
    type: "button",
    className: "chip",
    textContent: words,
    onclick: () => {
      input.value = [input.value.trim(), words].filter(Boolean).join(text.locale === "en" ? "; " : "；");
      input.focus();
    },
  }));
  return answered(dialog, body, [...(chips.length ? [make("div", { className: "choices" }, ...chips)] : []), make("label", {}, make("span", { textContent: label }), input)], { submit, text }, () => input.value.trim());
}

/** Resolves to true, or null. */
export function confirmed({ title, words, submit, text }) {
  const { dialog, body } = openDialog("asking", title, text("close"));
  return answered(dialog, body, [make("p", { textContent: words })], { submit, text, danger: true }, () => true);
}

function answered(dialog, body, content, { submit, text, danger = false }, result) {
  return new Promise((resolve) => {
    let given = null;
    const form = make("form", { method: "dialog" }, ...content, make("div", { className: "buttons" },
      make("button", { type: "button", className: "quiet", textContent: text("cancel"), onclick: () => dialog.close() }),
      make("button", { type: "submit", className: danger ? "primary danger" : "primary", textContent: submit })));
    form.onsubmit = () => (given = result());
    dialog.addEventListener("close", () => resolve(given));
    body.append(form);
    (form.querySelector("input, textarea") ?? form.querySelector("[type=submit]")).focus();
  });
}
