// Where a question is written: text, attachments dropped, pasted or picked, uploaded once as files.
import { objection, typeOf } from "../models/attachments.js";
import { wordsFor } from "../models/failure.js";
import { readableSize } from "../lib/size.js";

export function mountComposer(form, { session, desk, config, text, previews }) {
  const question = form.querySelector("#question");
  const list = form.querySelector("#attachments");
  const hint = form.querySelector("#hint");
  const send = form.querySelector("#send");
  const picker = form.querySelector("#picker");
  const drop = document.getElementById("drop");
  let attached = [];

  question.placeholder = text("placeholder");
  picker.accept = config.accept.join(",");
  sayHint();

  function sayHint(objectionWords) {
    hint.classList.toggle("wrong", Boolean(objectionWords));
    const { image_max_bytes: size, max_images: count } = config.limits;
    hint.textContent = objectionWords ?? text("hint", { size: readableSize(size), count });
  }

  function add(files) {
    for (const file of files) {
      const why = objection(file, attached.length, config);
      if (why) sayHint(text(why.key, why.values));
      else attach(file);
    }
    refresh();
  }

  function attach(file) {
    const item = document.getElementById("attachment-template").content.firstElementChild.cloneNode(true);
    const one = { file, item, stored: null, error: null };
    const type = typeOf(file);
    const image = item.querySelector("img");
    if (type.startsWith("image/") && type !== "image/heic") image.src = one.preview = URL.createObjectURL(file);
    else image.hidden = true;
    item.querySelector(".name").textContent = file.name || text("picture");
    item.querySelector(".note").textContent = text("uploading");
    const remove = item.querySelector(".remove");
    remove.ariaLabel = text("remove");
    remove.onclick = () => detach(one);
    one.uploaded = upload(one);
    attached.push(one);
    list.append(item);
    sayHint();
  }

  async function upload(one) {
    const note = one.item.querySelector(".note");
    try {
      const stored = await desk.upload(one.file);
      one.stored = { id: stored.id, name: stored.filename, type: stored.content_type, size: stored.bytes };
      if (one.preview) previews.set(stored.id, one.preview);
      note.textContent = readableSize(stored.bytes);
    } catch (error) {
      one.error = error;
      one.item.classList.add("bad");
      note.textContent = wordsFor(error, text, config.limits);
    }
    refresh();
  }

  function detach(one) {
    attached = attached.filter((other) => other !== one);
    one.item.remove();
    refresh();
  }

  async function submit() {
    const words = question.value.trim();
    if (session.busy || (!words && !attached.length)) return;
    const taken = attached;
    send.disabled = true;
    await Promise.all(taken.map((one) => one.uploaded));
    if (taken.some((one) => one.error)) return refresh();
    attached = [];
    list.replaceChildren();
    question.value = "";
    grow();
    session.ask(words || text("defaultQuestion"), taken.map((one) => one.stored));
  }

  function refresh() {
    send.textContent = session.busy ? text("stop") : text("send");
    send.disabled = !session.busy && !question.value.trim() && !attached.length;
  }

  function grow() {
    question.rows = Math.min(8, question.value.split("\n").length);
    refresh();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (session.busy) session.stop();
    else submit();
  });
  question.addEventListener("input", grow);
  question.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    if (!session.busy) submit();
  });
  picker.addEventListener("change", () => {
    add(picker.files);
    picker.value = "";
  });
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) event.preventDefault();
    add(files);
  });
  for (const type of ["dragenter", "dragover"]) {
    document.addEventListener(type, (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      drop.hidden = false;
    });
  }
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.hidden = true;
    add(event.dataTransfer?.files ?? []);
  });
  for (const type of ["answering", "idle", "opened"]) session.addEventListener(type, refresh);
  refresh();

  return {
    ask(words) {
      if (session.busy) return;
      question.value = words;
      submit();
    },
    prefill(words) {
      question.value = words;
      grow();
    },
    attach: (blob, name) => add([blob instanceof File ? blob : new File([blob], name, { type: blob.type })]),
    focus: () => question.focus(),
  };
}
