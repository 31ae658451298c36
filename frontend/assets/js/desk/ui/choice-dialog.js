// A dialog that asks for one of a few choices and a note.
import { make, openDialog } from "../../ui/dom.js";

/**
 * `choices`: [{value, label}], the first one is chosen. `label`: of the note, which has at most
 * `maxLength` characters. Resolves to {choice, note}, or null where the person closed it.
 */
export function askChoice({ title, choices, label, submit, isRequired, maxLength, text }) {
  const { dialog, body } = openDialog("asking", title, text("close"));
  const options = choices.map(({ value, label: words }, place) => {
    const input = make("input", { type: "radio", name: "choice", value, checked: place === 0 });
    return make("label", { className: "choice" }, input, words);
  });
  const legend = make("legend", { className: "visually-hidden", textContent: title });
  const note = make("textarea", { rows: 3, maxLength, required: Boolean(isRequired) });
  const button = (type, className, textContent) => make("button", { type, className, textContent });
  const cancel = button("button", "quiet", text("cancel"));
  const form = make(
    "form",
    { method: "dialog" },
    make("fieldset", {}, legend, ...options),
    make("label", {}, make("span", { textContent: label }), note),
    make("div", { className: "buttons" }, cancel, button("submit", "primary", submit)),
  );
  body.append(form);
  form.querySelector("input").focus();
  return new Promise((resolve) => {
    let given = null;
    cancel.onclick = () => dialog.close();
    form.onsubmit = () => {
      given = { choice: new FormData(form).get("choice"), note: note.value.trim() };
    };
    dialog.addEventListener("close", () => resolve(given));
  });
}
