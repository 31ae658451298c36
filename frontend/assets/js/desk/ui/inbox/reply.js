// The reply to a customer: written by a person, or begun with a draft that a person reads first.
import { mask } from "../../../lib/mask.js";
import { focusToType, isSubmit, toast } from "../../../ui/dom.js";
import { failureText } from "../failures.js";
import { drawCitations } from "../transcript.js";

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
  const basis = form.querySelector(".basis");
  const masked = form.querySelector(".masked");
  let shown = null;
  let isSending = false;
  field.placeholder = text("replyPlaceholder");
  form.querySelector(".field-label").textContent = text("replyLabel");
  form.querySelector(".hint").textContent = text("replyKeys");
  send.textContent = text("send");
  basis.querySelector(".basis-label").textContent = text("draftBasis");
  draft.querySelector("span").textContent = text("suggestDraft");

  /** The gateway masks what it stores, and customers read what is stored. */
  const showMasked = () => {
    const words = mask(field.value) === field.value ? "" : text("replyMasked");
    if (masked.textContent !== words) masked.textContent = words;
  };

  /** The clauses and look-ups that the draft rests on, until the reply is sent or emptied. */
  function showBasis({ citations = [], systems = [] }) {
    basis.hidden = citations.length + systems.length === 0;
    basis.querySelector(".told").textContent = systems
      .map((title) => text("draftSystem", { title }))
      .join(text("listComma"));
    drawCitations(basis.querySelector(".citations"), citations, text);
  }

  const changed = () => {
    if (!field.value) showBasis({});
    drafts.keep(shown, field.value);
    showMasked();
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
      if (shown === id) changed();
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
      const { words, ...given } = await opened.draft();
      if (shown !== id) return;
      if (words) insert(words);
      showBasis(words ? given : {});
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
    focusToType(field); // the button is disabled once nothing is written
    submit();
  };

  /** `isShown`: whether the hand-over is mine. */
  function show(id, isShown) {
    form.hidden = !isShown;
    if (id === shown) return;
    shown = id;
    field.value = drafts.of(id);
    showBasis({});
    showMasked();
    problem.textContent = "";
    send.disabled = field.value.trim() === "";
  }

  return { show, insert };
}
