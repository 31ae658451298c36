// Where a question is written: text, attachments dropped, pasted or picked, and what is kept when it does not go out.
import { readableSize } from "../lib/texts.js";
import { mountAttachments } from "./attachments.js";
import { toast } from "./parts.js";

export function mountComposer(form, { session, desk, config, text, previews, tab }) {
  const question = form.querySelector("#question");
  const hint = form.querySelector("#hint");
  const send = form.querySelector("#send");
  const picker = form.querySelector("#picker");
  const hold = form.querySelector("#hold");
  const drop = document.getElementById("drop");
  let waiting = null; // {abort, since} of a question whose pictures are still on their way
  const attachments = mountAttachments(form.querySelector("#attachments"), { desk, config, text, previews, refuse: (words) => sayHint(words), changed: refresh });

  picker.accept = config.accept.join(",");
  question.value = tab?.draft ?? "";

  function sayHint(objection) {
    hint.classList.toggle("wrong", Boolean(objection));
    const { image_max_bytes: size, max_images: count } = config.limits;
    hint.textContent = objection ?? text("limits", { size: readableSize(size), count });
  }

  function add(files) {
    if (!files.length) return;
    sayHint();
    attachments.add(files);
  }

  /** `asked`: a common question; what is being written stays. */
  async function submit(asked) {
    if (session.busy || waiting || !(asked || question.value.trim() || attachments.count)) return;
    const files = await uploaded();
    if (files && !session.busy) {
      const words = asked ?? question.value.trim();
      if (!asked) question.value = "";
      changed();
      session.ask(words || text("defaultQuestion"), files);
    }
  }

  /** The files, once all of them are up; null where one is not, or where the person would not wait. */
  async function uploaded() {
    const late = attachments.busy;
    waiting = { abort: new AbortController(), since: Date.now() };
    const clock = setInterval(refresh, 1000);
    if (late) hint.textContent = text("waitingForUpload");
    refresh();
    try {
      return await attachments.take(waiting.abort.signal);
    } finally {
      clearInterval(clock);
      waiting = null;
      if (late) sayHint();
      refresh();
    }
  }

  /** A question that waits for its pictures, or an answer. */
  function stop() {
    if (waiting) waiting.abort.abort();
    else if (session.busy) session.stop();
  }

  function refresh() {
    const seconds = waiting && Math.floor((Date.now() - waiting.since) / 1000);
    const running = Boolean(waiting) || session.busy;
    send.textContent = waiting ? text("stopWaiting", { seconds }) : session.busy ? text("stop") : text("send");
    send.classList.toggle("stopping", running);
    send.disabled = !running && !question.value.trim() && !attachments.count;
  }

  function changed() {
    if (tab) tab.draft = question.value;
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
    if (waiting || session.busy) stop();
    else submit();
  });
  question.addEventListener("input", changed);
  question.addEventListener("keydown", (event) => {
    // Enter inside an input method chooses characters: Safari tells it by the key code alone.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (!session.busy) submit();
  });
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
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) event.preventDefault();
    add(files);
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
  for (const type of ["answering", "idle", "opened"]) session.addEventListener(type, refresh);
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
    attach: (blob, name) => add([blob instanceof File ? blob : new File([blob], name, { type: blob.type })]),
    focus: () => question.focus(),
    pick: () => picker.click(),
  };
}
