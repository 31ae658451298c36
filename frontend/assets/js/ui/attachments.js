// The pictures of the question that is being written: scaled where need be, uploaded at once, covered, removed.
import { isDrawn, objection, recognised, scaledSize, tooLarge, typeOf } from "../models/attachments.js";
import { fileFromServer } from "../models/conversation.js";
import { wordsFor } from "../models/failure.js";
import { readableSize } from "../lib/texts.js";
import { template } from "./parts.js";

const TRIED_AGAIN = ["network", "rate_limit_exceeded", "request_timeout", "upstream_unavailable", "upstream_error"];

/**
 * The pictures of one question are a batch: one question may still be on its way while the next is being written.
 * `refuse(words)` is told why a file was not taken; `changed()` when what can be sent may have changed.
 */
export function mountAttachments(list, { desk, config, text, refuse, changed }) {
  let batch = newBatch();
  let held = false; // pictures wait for the editor, or for "send", before a byte of them leaves

  /** Resolves to {taken, objections} once every file's kind is known; its uploads have begun then. */
  async function add(files) {
    const mine = batch;
    const recognising = Promise.all(files.map(recognised));
    mine.expected += files.length;
    mine.recognising = Promise.all([mine.recognising, recognising]);
    changed();
    const known = await recognising;
    mine.expected -= files.length;
    const taken = [];
    const objections = [];
    const total = mine.items.length + known.length;
    for (const file of known) {
      const why = objection(file, mine.items.length, total, config);
      if (why) objections.push(why);
      else taken.push(attach(mine, file));
    }
    if (objections.length) refuse(text(objections[0].key, objections[0].values));
    changed();
    const drawn = taken.find((one) => isDrawn(one.file));
    if (held && drawn) edit(drawn);
    return { taken, objections };
  }

  function attach(mine, file) {
    const item = template("attachment-template");
    const one = { batch: mine, file, item, original: file.size, stored: null, error: null, abort: null, preview: null, uploaded: Promise.resolve() };
    item.querySelector(".remove").onclick = () => detach(one);
    item.querySelector(".again").onclick = () => begin(one);
    for (const button of item.querySelectorAll(".thumb, .cover")) {
      button.disabled = !isDrawn(file);
      button.onclick = () => edit(one);
    }
    item.querySelector(".cover").hidden = !isDrawn(file);
    mine.items.push(one);
    if (mine === batch) list.append(item);
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
    forget(one);
    if (drawn) image.src = one.preview = URL.createObjectURL(one.file);
  }

  /** Gives the browser's copy of the picture back. */
  function forget(one) {
    if (one.preview) URL.revokeObjectURL(one.preview);
    one.preview = null;
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
    if (why) throw Object.assign(new Error(), { code: why.code, why });
    bar.value = 0;
    const stored = await desk.upload(file, {
      signal: abort.signal,
      sent(fraction) {
        bar.value = fraction;
        note(one, () => text("uploadingPercent", { percent: Math.round(fraction * 100) }));
      },
    });
    one.stored = fileFromServer(stored);
    if (!one.preview) desk.pictureUrl(one.stored.id, 1).then((url) => showPreview(one, url), () => {});
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
    one.item.querySelector(".again").hidden = !TRIED_AGAIN.includes(error.code);
    note(one, () => (error.why ? text(error.why.key, error.why.values) : wordsFor(error, text, config.limits, typeOf(one.file))));
  }

  /** The editor has the picture: what was on its way is called back, what had arrived is deleted once it is replaced. */
  async function edit(one) {
    const { openEditor } = await import("./editor.js");
    const calledBack = one.abort && !one.stored;
    if (calledBack) one.abort.abort();
    const made = await openEditor({ file: one.file, stored: one.stored, desk, text, limits: config.limits });
    if (!one.batch.items.includes(one)) return;
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
    forget(one);
    one.batch.items = one.batch.items.filter((other) => other !== one);
    one.item.remove();
    changed();
  }

  return {
    add,
    get batch() {
      return batch;
    },
    get count() {
      return batch.items.length + batch.expected;
    },
    hold(on) {
      held = on;
    },
    /** Whether anything waits here for "send". */
    get waiting() {
      return batch.items.some(isWaiting);
    },
    /** Whether a question would have to wait for its pictures. */
    get busy() {
      return batch.expected > 0 || batch.items.some(isPending);
    },
    /**
     * Waits for every picture of `batch`, also of those that come meanwhile; whether all of them are on the server. `signal`
     * says to wait no longer: what was held until now is called back then.
     */
    async uploaded(mine, signal) {
      const given = new Promise((resolve) => signal.addEventListener("abort", resolve));
      await Promise.race([given, mine.recognising]);
      const waited = mine.items.filter(isWaiting);
      if (!signal.aborted) waited.forEach(begin);
      for (let seen = []; !signal.aborted && isGoingOn(mine, seen); ) {
        seen = mine.items.map((one) => one.uploaded);
        await Promise.race([given, Promise.all([mine.recognising, ...seen])]);
      }
      if (signal.aborted) waited.filter((one) => !one.stored).forEach(callBack);
      return !signal.aborted && mine.items.every((one) => one.stored);
    },
    /** The next question begins: its batch is another one. */
    leave() {
      list.replaceChildren();
      batch = newBatch();
      changed();
    },
    /** Puts the pictures of a question that did not go out back, before those of the next. */
    putBack(mine) {
      for (const one of mine.items) one.batch = batch;
      batch.items.unshift(...mine.items);
      list.prepend(...mine.items.map((one) => one.item));
      changed();
    },
    /** The stored files of a batch that is sent; their previews are the thread's from now on. */
    sent(mine) {
      for (const one of mine.items) if (one.preview) desk.keepPicture(one.stored.id, one.preview);
      if (mine === batch) this.leave();
      return mine.items.map((one) => one.stored);
    },
    relabel() {
      for (const one of batch.items) {
        label(one);
        note(one, one.words);
      }
    },
  };
}

/** `expected`: how many files' kinds are being looked at. */
const newBatch = () => ({ items: [], expected: 0, recognising: null });
const isWaiting = (one) => !one.stored && !one.error && !one.abort;
const isPending = (one) => !one.stored && !one.error;
/** Whether anything is on its way beyond the uploads that were `seen` to end: one that the editor called back is not. */
const isGoingOn = ({ expected, items }, seen) => expected > 0 || items.some((one) => isPending(one) && !seen.includes(one.uploaded));
