// The files of the question that is being written: scaled, uploaded at once, covered, removed.
import {
  hasPending,
  isDrawn,
  isEditable,
  isPending,
  isWaiting,
  newAttachment,
  newBatch,
  objection,
  recognised,
  scaledSize,
  sizeNote,
  tooLarge,
  typeOf,
} from "../models/attachments.js";
import { fileFromServer } from "../models/conversation.js";
import { RETRYABLE, errorMessage } from "../models/failure.js";
import { loaded, template } from "./dom.js";

/**
 * The files of one question are a batch: it may still be uploading while the next is written.
 * `refuse(words)` says why a file is not taken. `changed()` is called when "send" may have become
 * possible or impossible.
 */
export function mountAttachments(list, { api, config, text, refuse, changed }) {
  let batch = newBatch();
  let held = false; // files wait for the editor or for "send" before a byte of them is uploaded

  /** Resolves to {taken, objections} once every file's type is known and its upload has begun. */
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

  /** `stored`: of a file that is on the server already; `file` has its name, type and size. */
  function attach(mine, file, stored = null) {
    const item = template("attachment-template");
    const one = Object.assign(newAttachment(mine, file, item), { stored });
    item.querySelector(".remove").onclick = () => remove(one);
    item.querySelector(".again").onclick = () => begin(one);
    for (const button of item.querySelectorAll(".thumb, .cover")) {
      button.disabled = !isEditable(file);
      button.onclick = () => edit(one);
    }
    item.querySelector(".cover").hidden = !isEditable(file);
    mine.items.push(one);
    if (mine === batch) list.append(item);
    showThumb(one);
    label(one);
    if (stored) showStored(one);
    else if (held) note(one, () => text("held"));
    else begin(one);
    return one;
  }

  function label({ file, item }) {
    const name = file.name || text("picture");
    item.querySelector(".name").textContent = name;
    item.querySelector(".remove").ariaLabel = `${text("remove")} ${name}`;
    item.querySelector(".again").ariaLabel = `${text("retry")} ${name}`;
    for (const button of item.querySelectorAll(".thumb, .cover")) {
      button.ariaLabel = button.title = `${text("redact")} ${name}`;
    }
  }

  function showThumb(one) {
    const image = one.item.querySelector("img");
    const drawn = isDrawn(one.file);
    const kind = typeOf(one.file).split("/")[1].toUpperCase();
    image.hidden = !drawn;
    one.item.querySelector(".kind").textContent = drawn ? "" : kind;
    revokePreview(one);
    if (drawn && !one.stored) image.src = one.preview = URL.createObjectURL(one.file);
  }

  /** Of a file from before a reload, unless it has been deleted meanwhile. */
  function showStored(one) {
    one.item.querySelector("progress").hidden = true;
    note(one, () => sizeNote(one, text));
    const gone = () => remove(Object.assign(one, { stored: null }));
    one.item.querySelector("img").onerror = gone;
    api
      .pictureUrl(one.stored.id, isDrawn(one.file) ? 0 : 1)
      .then((url) => showPreview(one, url), gone);
  }

  function revokePreview(one) {
    if (one.preview) URL.revokeObjectURL(one.preview);
    one.preview = null;
  }

  /** Shows a HEIC picture or a PDF's first page, which the gateway has drawn. */
  function showPreview({ item }, url) {
    const image = item.querySelector("img");
    image.onload = () => {
      image.hidden = false;
      item.querySelector(".kind").textContent = "";
    };
    image.src = url;
  }

  /** `words()` is called again when the language changes. */
  function note(one, words) {
    one.words = words;
    one.item.querySelector(".note").textContent = words();
  }

  function begin(one) {
    one.error = null;
    one.item.classList.remove("bad");
    one.item.querySelector(".again").hidden = true;
    one.uploaded = upload(one)
      .catch((error) => error.name === "AbortError" || fail(one, error))
      .finally(changed);
    changed();
  }

  async function upload(one) {
    const abort = (one.abort = new AbortController());
    const bar = one.item.querySelector("progress");
    bar.hidden = false;
    bar.removeAttribute("value");
    note(one, () => text("uploading"));
    const file = await scaled(one);
    abort.signal.throwIfAborted();
    const why = tooLarge(file, config.limits);
    if (why) throw Object.assign(new Error(), { code: why.code, why });
    bar.value = 0;
    const sent = (fraction) => {
      bar.value = fraction;
      note(one, () => text("uploadingPercent", { percent: Math.round(fraction * 100) }));
    };
    one.stored = fileFromServer(await api.upload(file, { signal: abort.signal, sent }));
    if (!one.preview) {
      api.pictureUrl(one.stored.id, 1).then(
        (url) => showPreview(one, url),
        () => {},
      );
    }
    bar.hidden = true;
    note(one, () => sizeNote(one, text));
  }

  async function scaled(one) {
    if (!isDrawn(one.file)) return one.file;
    const { scaledDown } = await loaded(import("./redraw.js"));
    const wanted = (size, bytes) => scaledSize(size, bytes, config.limits);
    return scaledDown(one.file, wanted, () => note(one, () => text("scaling")));
  }

  function fail(one, error) {
    one.error = error;
    one.item.classList.add("bad");
    one.item.querySelector("progress").hidden = true;
    one.item.querySelector(".again").hidden = !RETRYABLE.has(error.code);
    note(one, () => {
      if (error.why) return text(error.why.key, error.why.values);
      return errorMessage(error, text, config.limits, typeOf(one.file));
    });
  }

  /** Stops the upload while the editor is open; what is covered replaces what was uploaded. */
  async function edit(one) {
    const { covered } = await loaded(import("./covering.js"));
    const interrupted = isDrawn(one.file) && one.abort && !one.stored;
    if (interrupted) one.abort.abort();
    else await one.uploaded;
    const files = await covered(one, { api, text, limits: config.limits });
    if (!one.batch.items.includes(one)) return;
    if (files) replace(one, files);
    else if (interrupted) begin(one); // a held picture that was not edited is still held
    one.item.querySelector(".thumb").focus();
  }

  function replace(one, [first, ...others]) {
    const [size, count] = [one.batch.items.length + others.length, config.limits.max_images];
    if (size > count) return refuse(text("tooMany", { count, size }));
    withdraw(one);
    one.file = first;
    showThumb(one);
    label(one);
    begin(one);
    for (const file of others) attach(one.batch, file);
  }

  /** Stops an upload that began with "send": the file is held again. */
  function holdAgain(one) {
    one.abort?.abort();
    one.abort = null;
    one.item.querySelector("progress").hidden = true;
    note(one, () => text("held"));
  }

  function withdraw(one) {
    one.abort?.abort();
    if (one.stored) api.removeFile(one.stored.id).catch(() => {});
    one.stored = null;
  }

  function remove(one) {
    withdraw(one);
    revokePreview(one);
    one.batch.items = one.batch.items.filter((other) => other !== one);
    one.item.remove();
    changed();
  }

  return {
    add,
    /** Shows files that were uploaded before a reload. */
    restore: (files) => files.forEach((file) => attach(batch, file, file)),
    /** The files of the question that are on the server. */
    get stored() {
      return batch.items.map(({ stored }) => stored).filter(Boolean);
    },
    get batch() {
      return batch;
    },
    get count() {
      return batch.items.length + batch.expected;
    },
    hold(on) {
      held = on;
    },
    /** Whether a held file waits for "send". */
    get waiting() {
      return batch.items.some(isWaiting);
    },
    /** Whether a question would have to wait for its files. */
    get busy() {
      return batch.expected > 0 || batch.items.some(isPending);
    },
    /**
     * Uploads what is held in `mine` and waits for all of it, also for files added meanwhile.
     * Resolves to whether all are on the server. When `signal` aborts, held files are held again.
     */
    async uploaded(mine, signal) {
      const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
      await Promise.race([aborted, mine.recognising]);
      const waited = mine.items.filter(isWaiting);
      if (!signal.aborted) waited.forEach(begin);
      for (let seen = []; !signal.aborted && hasPending(mine, seen);) {
        seen = mine.items.map((one) => one.uploaded);
        await Promise.race([aborted, Promise.all([mine.recognising, ...seen])]);
      }
      if (signal.aborted) waited.filter((one) => !one.stored).forEach(holdAgain);
      return !signal.aborted && mine.items.every((one) => one.stored);
    },
    /** Begins the batch of the next question. */
    leave() {
      list.replaceChildren();
      batch = newBatch();
      changed();
    },
    /** Puts the files of a question that was not sent before those of the next. */
    putBack(mine) {
      for (const one of mine.items) one.batch = batch;
      batch.items.unshift(...mine.items);
      list.prepend(...mine.items.map((one) => one.item));
      changed();
    },
    /** Returns the stored files of a batch that is sent. The thread shows their previews now. */
    sent(mine) {
      for (const one of mine.items) if (one.preview) api.keepPicture(one.stored.id, one.preview);
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
