// The box in which a question is written: text, attached files, and a question that waits for them.
import { readableSize } from "../lib/texts.js";
import { pasteKind } from "../models/attachments.js";
import { mountAttachments } from "./attachments.js";
import { focusToType, isSubmit, loaded, toast } from "./dom.js";

// "Send" becomes "stop" this late: a second click, or a click beside Enter, is meant to send.
const STOP_AFTER_MS = 400;
const MAX_ROWS = 8;

/**
 * `tab`: what this tab remembers (state/tab-state.js). Returns {ask, show, prefill, stop, add,
 * focus, pick}.
 */
export function mountComposer(form, { session, api, config, text, tab }) {
  const question = form.querySelector("#question");
  const hint = form.querySelector("#hint");
  const send = form.querySelector("#send");
  const picker = form.querySelector("#picker");
  const hold = form.querySelector("#hold");
  const maxText = config.limits.max_text ?? Infinity;
  // Questions that wait for their uploads, by conversation id:
  // {conversation, words, asked, batch, late, abort, since, left}.
  const waiting = new Map();
  let shownId = session.conversation.id;
  let runningSince = null; // when what can be stopped began, as `performance.now()` tells it
  let isTooLong = false;
  const attachments = mountAttachments(form.querySelector("#attachments"), {
    api,
    config,
    text,
    refuse: (words) => showHint(words),
    changed: refresh,
  });

  if (tab) attachments.restore(tab.files);
  picker.accept = config.accept.join(",");
  question.value ||= tab?.draft ?? ""; // a fast visitor has typed before the modules were loaded

  const waitingHere = () => waiting.get(session.conversation.id);

  function showHint(objection) {
    hint.classList.toggle("wrong", Boolean(objection));
    hint.textContent = objection ?? (waitingHere()?.late ? text("waitingForUpload") : limits());
  }

  function limits() {
    const { image_max_bytes: bytes, max_images: count } = config.limits;
    return text("limits", { size: readableSize(bytes), count });
  }

  /** Resolves to {taken, objections}. */
  async function add(files) {
    if (files.length) showHint();
    return attachments.add(files);
  }

  /**
   * Sends the question to the conversation in which it was written, once its files are uploaded.
   * `asked`: a common question, which leaves the text in the box alone.
   */
  async function submit(asked) {
    const { conversation } = session;
    const words = asked ?? question.value.trim();
    if (session.busy || waitingHere() || !(words || attachments.count)) return;
    if (words.length > maxText) return showHint(tooLong(words));
    const mine = newWaiting(conversation, words, asked !== undefined);
    const isReady = await uploaded(mine);
    if (!isReady || session.isAnswering(conversation)) {
      if (mine.left) bringBack(mine);
      return;
    }
    const isInBox = !mine.asked && !mine.left;
    const written = isInBox ? question.value.trim() : mine.words;
    if (isInBox) question.value = "";
    const files = attachments.sent(mine.batch);
    changed();
    session.ask(written || text("defaultQuestion"), files, { conversation });
  }

  /** `late`: it was sent before its uploads ended. `left`: another conversation was opened. */
  function newWaiting(conversation, words, asked) {
    const { batch, busy: late } = attachments;
    const abort = new AbortController();
    return { conversation, words, asked, batch, late, abort, since: Date.now(), left: false };
  }

  /** Resolves to whether every file of the question is on the server. */
  async function uploaded(mine) {
    const { id } = mine.conversation;
    waiting.set(id, mine);
    const clock = setInterval(refresh, 1000);
    if (mine.late) showHint();
    refresh();
    try {
      return await attachments.uploaded(mine.batch, mine.abort.signal);
    } finally {
      clearInterval(clock);
      waiting.delete(id);
      if (mine.late) showHint();
      refresh();
    }
  }

  /** Another conversation is opened. A waiting question goes on and gives the box to the next. */
  function leave() {
    const mine = waiting.get(shownId);
    shownId = session.conversation.id;
    if (mine && !mine.left && shownId !== mine.conversation.id) {
      mine.left = true;
      if (!mine.asked) {
        mine.words = question.value.trim();
        question.value = "";
      }
      attachments.leave();
      changed();
    }
    showHint();
    refresh();
  }

  /** Puts a question that could not be sent back into the box, before what is written there. */
  function bringBack({ words, asked, batch, abort }) {
    if (!asked) question.value = [words, question.value].filter(Boolean).join("\n");
    attachments.putBack(batch);
    changed();
    if (!abort.signal.aborted) toast(text("notSentAway"));
  }

  const tooLong = (words) => text("tooLong", { size: words.length, limit: maxText });

  /** Stops a question that waits for its uploads, or the answer. */
  function stop() {
    if (waitingHere()) waitingHere().abort.abort();
    else if (session.busy) session.stop();
  }

  function refresh() {
    if (tab) tab.files = attachments.stored;
    const here = waitingHere();
    const isRunning = Boolean(here) || session.busy;
    if (!isRunning) runningSince = null;
    else if (runningSince === null) {
      runningSince = performance.now();
      setTimeout(refresh, STOP_AFTER_MS + 1);
    }
    send.textContent = sendLabel(here);
    send.classList.toggle("stopping", canStop());
    send.disabled = !isRunning && !question.value.trim() && !attachments.count;
  }

  function sendLabel(here) {
    if (!canStop()) return text("send");
    if (!here) return text("stop");
    return text("stopWaiting", { seconds: Math.floor((Date.now() - here.since) / 1000) });
  }

  /** Whether the button stops what is running. */
  function canStop() {
    return runningSince !== null && performance.now() - runningSince >= STOP_AFTER_MS;
  }

  function changed() {
    if (tab) tab.draft = question.value;
    const words = question.value.trim();
    if (words.length > maxText) showHint(tooLong(words));
    else if (isTooLong) showHint();
    isTooLong = words.length > maxText;
    // Older browsers do not size a field by its content.
    const lines = question.value.split("\n").length;
    if (!CSS.supports("field-sizing", "content")) question.rows = Math.min(MAX_ROWS, lines);
    refresh();
  }

  function prefill(words) {
    question.value = words;
    changed();
    question.focus();
  }

  function label() {
    question.placeholder = text("placeholder");
    attachments.relabel();
    showHint();
    refresh();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (canStop()) stop();
    else submit();
    focusToType(question); // the button is disabled once nothing is written
  });
  question.addEventListener("input", changed);
  question.addEventListener("keydown", (event) => {
    if (!isSubmit(event)) return;
    event.preventDefault();
    submit();
  });
  // The second click of a double click must not stop what the first one sent.
  send.addEventListener("click", (event) => event.detail > 1 && event.preventDefault());
  picker.addEventListener("change", () => {
    add([...picker.files]);
    picker.value = "";
  });
  hold.addEventListener("click", () => {
    const on = hold.getAttribute("aria-pressed") !== "true";
    hold.setAttribute("aria-pressed", String(on));
    attachments.hold(on);
    if (on) toast(text("holdOn"));
  });
  acceptPaste(question, add);
  acceptDrop(add);
  for (const type of ["answering", "idle"]) session.addEventListener(type, refresh);
  session.addEventListener("opened", leave);
  session.addEventListener("changed", ({ detail: { conversation, removed } }) => {
    if (removed) waiting.get(conversation.id)?.abort.abort();
  });
  text.follow(label);
  label();
  changed();

  return {
    /**
     * Asks a common question. Held files are not sent with it unseen: the question is then added
     * to the text in the box instead.
     */
    ask(words) {
      focusToType(question); // what was clicked may be gone with the welcome
      if (!attachments.waiting) return submit(words);
      prefill([question.value.trim(), words].filter(Boolean).join("\n"));
      toast(text("notSent"));
    },
    /** Asks about a sample picture: fetched by its URL, added like any other, and sent. */
    async show(words, url) {
      focusToType(question);
      try {
        const { pictureAt } = await loaded(import("../lib/picture-file.js"));
        await add([await pictureAt(url, text("sample"))]);
        submit(words);
      } catch {
        toast(text("error_network"));
      }
    },
    prefill,
    stop,
    add,
    focus: () => question.focus(),
    pick: () => picker.click(),
  };
}

/** Pasted files go to `add`; pasted text goes into the question unless another field has it. */
function acceptPaste(question, add) {
  document.addEventListener("paste", (event) => {
    const { clipboardData: clipboard, target } = event;
    const kind = pasteKind(clipboard);
    if (!kind) return;
    if (kind === "text") {
      const isOtherField = target !== question && target.matches?.("input, textarea");
      const isPlain = target === question && !clipboard.files.length;
      if (isOtherField || isPlain) return; // the browser pastes it
    }
    event.preventDefault();
    if (kind === "files") add([...clipboard.files]);
    else if (!document.querySelector("dialog[open]")) {
      insertText(question, clipboard.getData("text/plain"));
    }
  });
}

/** Files may be dropped anywhere on the page; the browser handles dropped text. */
function acceptDrop(add) {
  const overlay = document.getElementById("drop");
  const onFiles = (type, act) =>
    document.addEventListener(type, (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      act(event);
    });
  onFiles("dragenter", () => (overlay.hidden = false));
  onFiles("dragover", () => (overlay.hidden = false));
  onFiles("drop", (event) => {
    overlay.hidden = true;
    add([...event.dataTransfer.files]);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) overlay.hidden = true;
  });
}

/** Inserts text at the cursor as typing does, so that it can be undone. */
function insertText(field, words) {
  field.focus();
  if (document.execCommand("insertText", false, words)) return;
  field.setRangeText(words, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
