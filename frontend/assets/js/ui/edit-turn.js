// The form that edits a question in the thread.
import { isSubmit, make } from "./dom.js";

/**
 * Puts a form in place of the question of `article`. Sending it replaces the question and all turns
 * after it. `onCancel()` is called when the person gives up.
 */
export function editTurn(article, turn, { session, text }, onCancel) {
  const rows = Math.min(8, turn.text.split("\n").length + 1);
  const area = make("textarea", { value: turn.text, rows, ariaLabel: text("edit") });
  const button = (type, className, textContent) => make("button", { type, className, textContent });
  const cancel = button("button", "quiet", text("cancel"));
  const resend = button("submit", "primary", text("resend"));
  const buttons = make("div", { className: "buttons" }, cancel, resend);
  const form = make("form", { className: "rewrite" }, area, buttons);
  cancel.onclick = onCancel;
  form.onsubmit = (event) => {
    event.preventDefault();
    const words = area.value.trim();
    if (words) session.ask(words, turn.files ?? [], { replaces: turn });
  };
  area.onkeydown = (event) => {
    if (event.key === "Escape") cancel.click();
    if (!isSubmit(event)) return;
    event.preventDefault();
    form.requestSubmit();
  };
  article.querySelector(".actions").hidden = true;
  article.querySelector(".bubble").replaceWith(form);
  area.focus();
}
