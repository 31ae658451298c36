// The reply to a customer: written by a person, or begun with a draft that a person reads first.
import { isSubmit, toast } from "../../../ui/dom.js";
import { failureText } from "../failures.js";

/**
 * `services`: {opened, drafts, text, config}. Returns {show, insert}: `show(id, isShown)` takes the
 * text that was begun for that hand-over, `insert(words)` adds words to it.
 */
export function mountReply(form, services) {
  const { opened, drafts, text } = services;
  const field = form.querySelector("textarea");
  const send = form.querySelector(".send");
  const draft = form.querySelector(".draft");
  const problem = form.querySelector(".problem");
  let shown = null;
  let isSending = false;
  field.placeholder = text("replyPlaceholder");
  form.querySelector(".field-label").textContent = text("replyLabel");
  form.querySelector(".hint").textContent = text("replyKeys");
  send.textContent = text("send");
  draft.querySelector("span").textContent = text("suggestDraft");

  const changed = () => {
    drafts.keep(shown, field.value);
    send.disabled = isSending || field.value.trim() === "";
    problem.textContent = "";
  };

  function insert(words) {
    const before = field.value.trimEnd();
    field.value = before ? `${before}\n${words}` : words;
    changed();
    field.focus();
    field.scrollTop = field.scrollHeight;
  }

  async function submit() {
    const words = field.value.trim();
    if (!words || isSending) return;
    const id = shown;
    isSending = send.disabled = true;
    problem.textContent = "";
    try {
      await opened.say(words);
      drafts.keep(id, "");
      if (shown === id && field.value.trim() === words) field.value = "";
    } catch (error) {
      if (shown === id) problem.textContent = failureText(error, services);
    } finally {
      isSending = false;
      send.disabled = field.value.trim() === "";
    }
  }

  async function suggest() {
    const id = shown;
    draft.disabled = true;
    draft.ariaBusy = "true";
    try {
      const words = await opened.draft();
      if (shown !== id) return;
      if (words) insert(words);
      toast(text(words ? "draftReady" : "draftEmpty"));
    } catch (error) {
      if (shown === id) problem.textContent = failureText(error, services);
    } finally {
      draft.disabled = false;
      draft.ariaBusy = "false";
    }
  }

  field.oninput = changed;
  field.onkeydown = (event) => {
    if (!isSubmit(event)) return;
    event.preventDefault();
    submit();
  };
  draft.onclick = suggest;
  form.onsubmit = (event) => {
    event.preventDefault();
    submit();
  };

  /** `isShown`: whether the hand-over is mine. */
  function show(id, isShown) {
    form.hidden = !isShown;
    if (id === shown) return;
    shown = id;
    field.value = drafts.of(id);
    problem.textContent = "";
    send.disabled = field.value.trim() === "";
  }

  return { show, insert };
}
