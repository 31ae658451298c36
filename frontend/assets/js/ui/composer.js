// Where a question is written: text, attachments dropped, pasted or picked, and what is kept when it does not go out.
import { readableSize } from "../lib/texts.js";
import { mountAttachments } from "./attachments.js";
import { toast } from "./parts.js";

const AIMED_MS = 400; // "send" becomes "stop" only after it: a second click, or one beside Enter, means the question

export function mountComposer(form, { session, desk, config, text, tab }) {
  const question = form.querySelector("#question");
  const hint = form.querySelector("#hint");
  const send = form.querySelector("#send");
  const picker = form.querySelector("#picker");
  const hold = form.querySelector("#hold");
  const drop = document.getElementById("drop");
  const maxText = config.limits.max_text ?? Infinity;
  const waiting = new Map(); // {conversation, words, batch, abort, since} of questions whose pictures are on their way, by conversation
  let shown = session.conversation.id;
  let runningSince = null; // when what can be stopped began
  let isTooLong = false;
  const attachments = mountAttachments(form.querySelector("#attachments"), { desk, config, text, refuse: (words) => sayHint(words), changed: refresh });

  picker.accept = config.accept.join(",");
  question.value ||= tab?.draft ?? ""; // somebody may have typed before the page's modules were there

  const waitingHere = () => waiting.get(session.conversation.id);

  function sayHint(objection) {
    hint.classList.toggle("wrong", Boolean(objection));
    const { image_max_bytes: size, max_images: count } = config.limits;
    hint.textContent = objection ?? (waitingHere()?.late ? text("waitingForUpload") : text("limits", { size: readableSize(size), count }));
  }

  /** Resolves to {taken, objections}. */
  async function add(files) {
    if (files.length) sayHint();
    return attachments.add(files);
  }

  /** `asked`: a common question; what is being written stays. The question belongs to the conversation in which it was written. */
  async function submit(asked) {
    const { conversation } = session;
    const words = asked ?? question.value.trim();
    if (session.busy || waitingHere() || !(words || attachments.count)) return;
    if (words.length > maxText) return sayHint(tooLong(words));
    const mine = { conversation, words, asked: asked !== undefined, batch: attachments.batch, late: attachments.busy, abort: new AbortController(), since: Date.now(), left: false };
    const ready = await uploaded(mine);
    if (!ready || session.isAnswering(conversation)) return mine.left ? bringBack(mine) : undefined;
    const written = mine.asked || mine.left ? mine.words : question.value.trim();
    if (!mine.asked && !mine.left) question.value = "";
    const files = attachments.sent(mine.batch);
    changed();
    session.ask(written || text("defaultQuestion"), files, { conversation });
  }

  /** Whether every picture of the question is on the server. */
  async function uploaded(mine) {
    const { id } = mine.conversation;
    waiting.set(id, mine);
    const clock = setInterval(refresh, 1000);
    if (mine.late) sayHint();
    refresh();
    try {
      return await attachments.uploaded(mine.batch, mine.abort.signal);
    } finally {
      clearInterval(clock);
      waiting.delete(id);
      if (mine.late) sayHint();
      refresh();
    }
  }

  /** Another conversation is opened: a question that is on its way goes on without the box, which is the next question's. */
  function turn() {
    const mine = waiting.get(shown);
    shown = session.conversation.id;
    if (mine && !mine.left && shown !== mine.conversation.id) {
      Object.assign(mine, { left: true, words: mine.asked ? mine.words : question.value.trim() });
      if (!mine.asked) question.value = "";
      attachments.leave();
      changed();
    }
    sayHint();
    refresh();
  }

  /** A question that was left and could not go out: into the box again, before what is written there. */
  function bringBack({ words, asked, batch, abort }) {
    if (!asked) question.value = [words, question.value].filter(Boolean).join("\n");
    attachments.putBack(batch);
    changed();
    if (!abort.signal.aborted) toast(text("notSentAway"));
  }

  const tooLong = (words) => text("tooLong", { size: words.length, limit: maxText });

  /** A question that waits for its pictures, or an answer. */
  function stop() {
    if (waitingHere()) waitingHere().abort.abort();
    else if (session.busy) session.stop();
  }

  function refresh() {
    const here = waitingHere();
    const seconds = here && Math.floor((Date.now() - here.since) / 1000);
    const running = Boolean(here) || session.busy;
    if (!running) runningSince = null;
    else if (runningSince === null) {
      runningSince = performance.now();
      setTimeout(refresh, AIMED_MS + 1);
    }
    send.textContent = !stops() ? text("send") : here ? text("stopWaiting", { seconds }) : text("stop");
    send.classList.toggle("stopping", stops());
    send.disabled = !running && !question.value.trim() && !attachments.count;
  }

  /** Whether the button stops what is running. */
  const stops = () => runningSince !== null && performance.now() - runningSince >= AIMED_MS;

  function changed() {
    if (tab) tab.draft = question.value;
    const words = question.value.trim();
    if (words.length > maxText) sayHint(tooLong(words));
    else if (isTooLong) sayHint();
    isTooLong = words.length > maxText;
    // Browsers that size a field by its content need no rows.
    if (!CSS.supports("field-sizing", "content")) question.rows = Math.min(8, question.value.split("\n").length);
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
    sayHint();
    refresh();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (stops()) stop();
    else submit();
  });
  question.addEventListener("input", changed);
  question.addEventListener("keydown", (event) => {
    // Enter inside an input method chooses characters: Safari tells it by the key code alone.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit();
  });
  // The second click of a double click is no wish to stop what the first one sent.
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
  document.addEventListener("paste", (event) => {
    const { clipboardData, target } = event;
    const elsewhere = target !== question && target.matches?.("input, textarea");
    const meant = meantBy(clipboardData);
    if (!meant || (meant === "text" && (elsewhere || (target === question && !clipboardData.files.length)))) return; // the browser's affair
    event.preventDefault();
    if (meant === "files") add([...clipboardData.files]);
    else if (!document.querySelector("dialog[open]")) typeIn(question, clipboardData.getData("text/plain"));
  });
  // Files alone: text that is dropped into a field is the browser's affair.
  const onDrag = (type, act) => document.addEventListener(type, (event) => {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    act(event);
  });
  onDrag("dragenter", () => (drop.hidden = false));
  onDrag("dragover", () => (drop.hidden = false));
  onDrag("drop", (event) => {
    drop.hidden = true;
    add([...event.dataTransfer.files]);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.hidden = true;
  });
  for (const type of ["answering", "idle"]) session.addEventListener(type, refresh);
  session.addEventListener("opened", turn);
  session.addEventListener("changed", ({ detail }) => detail.removed && waiting.get(detail.conversation.id)?.abort.abort());
  text.follow(label);
  label();
  changed();

  return {
    /** A common question. It sends no picture that waits for "send": then it is written beside the draft instead. */
    ask(words) {
      if (!attachments.waiting) return submit(words);
      prefill([question.value.trim(), words].filter(Boolean).join("\n"));
      toast(text("notSent"));
    },
    prefill,
    stop,
    add,
    focus: () => question.focus(),
    pick: () => picker.click(),
  };
}

/**
 * "text", "files" or "" of a clipboard. Spreadsheets and word processors put a picture of the text beside it, and there the
 * text is meant; a file manager puts the names of the files beside them, and there the files are meant.
 */
function meantBy(data) {
  const files = [...(data?.files ?? [])];
  const words = data?.getData("text/plain").trim() ?? "";
  if (!files.length) return words && "text";
  return words && !areNamesOf(words, files) && files.every((file) => file.type.startsWith("image/")) ? "text" : "files";
}

function areNamesOf(words, files) {
  const names = new Set(files.map((file) => file.name));
  return words.split(/\r?\n/).every((line) => names.has(nameIn(line.trim())));
}

function nameIn(line) {
  const name = line.split(/[/\\]/).pop();
  try {
    return decodeURIComponent(name); // file:///…/a%20b.png
  } catch {
    return name;
  }
}

/** Puts words in at the cursor, as typing would: they can be undone. */
function typeIn(field, words) {
  field.focus();
  if (document.execCommand("insertText", false, words)) return;
  field.setRangeText(words, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}
