// Asks how a hand-over ended.
import { make, openDialog } from "../../../ui/dom.js";

const MAX_NOTE = 2000; // characters; what the gateway takes

/** Resolves to {outcome: "solved" or "unsolved", note}, or null. */
export function askOutcome(text) {
  const { dialog, body } = openDialog("asking", text("resolveTitle"), text("close"));
  const choice = (outcome, checked) => {
    const input = make("input", { type: "radio", name: "outcome", value: outcome, checked });
    return make("label", { className: "choice" }, input, text(`outcome_${outcome}`));
  };
  const legend = make("legend", {
    className: "visually-hidden",
    textContent: text("resolveTitle"),
  });
  const choices = make("fieldset", {}, legend, choice("solved", true), choice("unsolved", false));
  const note = make("textarea", { rows: 3, maxLength: MAX_NOTE });
  const label = make("label", {}, make("span", { textContent: text("resolveNote") }), note);
  const button = (type, className, textContent) => make("button", { type, className, textContent });
  const cancel = button("button", "quiet", text("cancel"));
  const accept = button("submit", "primary", text("do_resolve"));
  const buttons = make("div", { className: "buttons" }, cancel, accept);
  const form = make("form", { method: "dialog" }, choices, label, buttons);
  body.append(form);
  form.querySelector("input").focus();
  return new Promise((resolve) => {
    let given = null;
    cancel.onclick = () => dialog.close();
    form.onsubmit = () => {
      given = { outcome: new FormData(form).get("outcome"), note: note.value.trim() };
    };
    dialog.addEventListener("close", () => resolve(given));
  });
}
