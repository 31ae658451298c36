// The pictures of the question that is being written: scaled where need be, uploaded at once, covered, removed.
import { isDrawn, objection, scaledSize, tooLarge, typeOf } from "../models/attachments.js";
import { fileFromServer } from "../models/conversation.js";
import { wordsFor } from "../models/failure.js";
import { readableSize } from "../lib/texts.js";
import { template } from "./parts.js";

/** `refuse(words)` is told why a file was not taken; `changed()` when what can be sent may have changed. */
export function mountAttachments(list, { desk, config, text, previews, refuse, changed }) {
  let attached = [];
  let held = false; // pictures wait for the editor, or for "send", before a byte of them leaves

  function add(files) {
    const taken = [];
    for (const file of files) {
      const why = objection(file, attached.length, config);
      if (why) refuse(text(why.key, why.values));
      else taken.push(attach(file));
    }
    changed();
    const drawn = taken.find((one) => isDrawn(one.file));
    if (held && drawn) edit(drawn);
  }

  function attach(file) {
    const item = template("attachment-template");
    const one = { file, item, original: file.size, stored: null, error: null, abort: null, uploaded: Promise.resolve() };
    item.querySelector(".remove").onclick = () => detach(one);
    item.querySelector(".again").onclick = () => begin(one);
    for (const button of item.querySelectorAll(".thumb, .cover")) {
      button.disabled = !isDrawn(file);
      button.onclick = () => edit(one);
    }
    item.querySelector(".cover").hidden = !isDrawn(file);
    attached.push(one);
    list.append(item);
    show(one);
    label(one);
    if (held) note(one, () => text("held"));
    else begin(one);
    return one;
  }

  function label({ file, item }) {
    const name = file.name || text("picture");
    item.querySelector(".name").textContent = name;
    item.querySelector(".remove").ariaLabel = `${text("remove")} ${name}`;
    item.querySelector(".again").ariaLabel = `${text("retry")} ${name}`;
    for (const button of item.querySelectorAll(".thumb, .cover")) button.ariaLabel = button.title = `${text("redact")} ${name}`;
  }

  function show(one) {
    const image = one.item.querySelector("img");
    const drawn = isDrawn(one.file);
    image.hidden = !drawn;
    one.item.querySelector(".kind").textContent = drawn ? "" : typeOf(one.file).split("/")[1].toUpperCase();
    if (drawn) image.src = one.preview = URL.createObjectURL(one.file);
  }

  /** What a browser does not draw, once the gateway has drawn it. */
  function showPreview({ item }, url) {
    const image = item.querySelector("img");
    image.onload = () => {
      image.hidden = false;
      item.querySelector(".kind").textContent = "";
    };
    image.src = url;
  }

  /** `words()` in the language of the moment. */
  function note(one, words) {
    one.words = words;
    one.item.querySelector(".note").textContent = words();
  }

  function begin(one) {
    one.error = null;
    one.item.classList.remove("bad");
    one.item.querySelector(".again").hidden = true;
    one.uploaded = upload(one).catch((error) => error.name === "AbortError" || fail(one, error)).finally(changed);
    changed();
  }

  async function upload(one) {
    const abort = (one.abort = new AbortController());
    const bar = one.item.querySelector("progress");
    bar.hidden = false;
    bar.removeAttribute("value");
    note(one, () => text("uploading"));
    const file = await fitted(one);
    abort.signal.throwIfAborted();
    const why = tooLarge(file, config.limits);
    if (why) throw Object.assign(new Error(), { code: "image_too_large", why });
    bar.value = 0;
    const stored = await desk.upload(file, {
      signal: abort.signal,
      sent(fraction) {
        bar.value = fraction;
        note(one, () => text("uploadingPercent", { percent: Math.round(fraction * 100) }));
      },
    });
    one.stored = fileFromServer(stored);
    if (one.preview) previews.set(stored.id, one.preview);
    else desk.pictureUrl(stored.id, 1).then((url) => showPreview(one, url), () => {});
    bar.hidden = true;
    note(one, () => sizes(one));
  }

  async function fitted(one) {
    if (!isDrawn(one.file)) return one.file;
    const scale = await import("./scale.js");
    return scale.fitted(one.file, (size, bytes) => scaledSize(size, bytes, config.limits), () => note(one, () => text("scaling")));
  }

  function sizes({ stored, original, file }) {
    const after = readableSize(stored.size);
    const pages = typeOf(file) === "application/pdf" ? ` · ${text("pages", { pages: stored.pages })}` : "";
    return (stored.size < original ? text("scaledFrom", { before: readableSize(original), after }) : after) + pages;
  }

  function fail(one, error) {
    one.error = error;
    one.item.classList.add("bad");
    one.item.querySelector("progress").hidden = true;
    one.item.querySelector(".again").hidden = !["network", "rate_limit_exceeded", "request_timeout", "upstream_unavailable", "upstream_error"].includes(error.code);
    note(one, () => (error.why ? text(error.why.key, error.why.values) : wordsFor(error, text, config.limits)));
  }

  /** The editor has the picture: what was on its way is called back, what had arrived is deleted once it is replaced. */
  async function edit(one) {
    const { openEditor } = await import("./editor.js");
    const calledBack = one.abort && !one.stored;
    if (calledBack) one.abort.abort();
    const made = await openEditor({ file: one.file, stored: one.stored, desk, text, limits: config.limits });
    if (!attached.includes(one)) return;
    if (made) {
      withdraw(one);
      one.file = made;
      show(one);
    }
    if (made || calledBack) begin(one); // what waits for "send" goes on waiting
    one.item.querySelector(".thumb").focus();
  }

  function callBack(one) {
    one.abort?.abort();
    one.abort = null;
    one.item.querySelector("progress").hidden = true;
    note(one, () => text("held"));
  }

  function withdraw(one) {
    one.abort?.abort();
    if (one.stored) desk.removeFile(one.stored.id).catch(() => {});
    one.stored = null;
  }

  function detach(one) {
    withdraw(one);
    attached = attached.filter((other) => other !== one);
    one.item.remove();
    changed();
  }

  return {
    add,
    get count() {
      return attached.length;
    },
    hold(on) {
      held = on;
    },
    /** Whether anything waits here for "send". */
    get waiting() {
      return attached.some(isWaiting);
    },
    /** Whether a question would have to wait for its pictures. */
    get busy() {
      return attached.some((one) => !one.stored && !one.error);
    },
    /**
     * The stored files and an empty list, or null where one of them has no upload that went well, or `signal` says to wait no
     * longer: what was held until now is called back then.
     */
    async take(signal) {
      const held = attached.filter(isWaiting);
      held.forEach(begin);
      const taken = attached;
      const given = new Promise((resolve) => signal.addEventListener("abort", resolve));
      await Promise.race([given, Promise.all(taken.map((one) => one.uploaded))]);
      if (signal.aborted) held.filter((one) => !one.stored).forEach(callBack);
      if (signal.aborted || taken.some((one) => !one.stored) || taken !== attached) return null;
      attached = [];
      list.replaceChildren();
      return taken.map((one) => one.stored);
    },
    relabel() {
      for (const one of attached) {
        label(one);
        note(one, one.words);
      }
    },
  };
}

const isWaiting = (one) => !one.stored && !one.error && !one.abort;
