// Covering and cropping before sending: what is covered never leaves the browser.
import { errorMessage } from "../models/failure.js";
import { mountBoxes } from "./boxes.js";
import { icon, iconButton, make, openDialog } from "./dom.js";
import { redacted } from "./redraw.js";

const PRIVATE = new Set(["phone", "id_card", "bank_card"]);
const MARGIN = 0.15; // of a number's height: boxes are tight, and a digit's edge can be guessed

/**
 * Resolves to the picture with its boxes painted over, or to null where nothing was done.
 * `stored`: the file on the server, if the original was uploaded; `page`: which of its pages the
 * picture is.
 */
export async function openEditor({ file, stored, page = 1, api, text, limits }) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return null;
  const size = { width: picture.width, height: picture.height };
  picture.close();
  const pages = stored?.pages ?? 1;
  const title = text(pages > 1 ? "editorPage" : "editorTitle", { page, pages });
  const { dialog, body } = openDialog("editor", title, text("close"));
  const image = make("img", { src: URL.createObjectURL(file), alt: file.name, draggable: false });
  const stage = make("div", { className: "stage" }, image);
  const button = (textContent, onclick, className = "tool") =>
    make("button", { type: "button", className, textContent, onclick });
  const boxes = mountBoxes(stage, image, size, {
    labelOf: (kind, number) => (kind === "crop" ? text("cropBox") : text("box", { number })),
    changed: refresh,
    left: () => modes[0].button.focus(),
  });
  const modes = ["cover", "crop"].map((kind) => {
    const choose = () => {
      boxes.kind = kind;
      refresh();
    };
    return { kind, button: button(text(kind), choose) };
  });
  const undo = button(text("undo"), () => boxes.remove(boxes.boxes.at(-1)));
  const done = button(text("done"), finish, "primary");
  const cancel = button(text("cancel"), () => dialog.close(), "quiet");
  const suggestNote = stored ? text("suggestRead") : text("suggestNote");
  const note = make("p", { className: "hint", role: "status", textContent: suggestNote });
  const find = button("", () => suggest());
  find.append(icon("search"), make("span", { textContent: text("suggest") }));
  const addOptions = { className: "tool", shown: true };
  const addBox = iconButton("plus", text("addBox"), addInTheMiddle, addOptions);
  const group = { className: "modes", role: "group", ariaLabel: text("editorTitle") };
  body.append(
    make("p", { className: "hint", textContent: text("editorHint") }),
    make("div", { className: "frame" }, stage),
    note,
    make(
      "div",
      { className: "bar" },
      make("div", group, ...modes.map((mode) => mode.button)),
      ...[addBox, find, undo, make("div", { className: "buttons" }, cancel, done)],
    ),
  );
  let result = null;

  function refresh() {
    for (const mode of modes) {
      mode.button.setAttribute("aria-pressed", String(mode.kind === boxes.kind));
    }
    undo.disabled = !boxes.boxes.length;
  }

  function addInTheMiddle() {
    const [x, y] = [size.width * 0.35, size.height * 0.4];
    const [width, height] = [size.width * 0.3, size.height * 0.2];
    boxes.add({ kind: boxes.kind, x, y, width, height }).element.focus();
  }

  /** Covers the numbers that the server reads. A file uploaded only for this is deleted again. */
  async function suggest() {
    find.disabled = true;
    note.textContent = text("suggesting");
    let lent = null;
    try {
      if (!stored) lent = (await api.upload(file)).id;
      const readings = await api.reading(stored?.id ?? lent);
      const found = readings.filter((one) => (one.page ?? 1) === page).flatMap(privateBoxes);
      found.forEach(boxes.add);
      const count = found.length;
      note.textContent = count ? text("suggested", { count }) : text("suggestNone");
    } catch (error) {
      note.textContent = text("suggestFailed", { reason: errorMessage(error, text, limits) });
    } finally {
      if (lent) await api.removeFile(lent).catch(() => {});
      find.disabled = false;
    }
  }

  function privateBoxes(reading) {
    const isPrivate = (field) => PRIVATE.has(field.name) && field.box;
    return reading.fields.filter(isPrivate).map((field) => coverBox(field.box, reading, size));
  }

  async function finish() {
    done.disabled = true;
    const covers = boxes.boxes.filter(({ kind }) => kind === "cover");
    const crop = boxes.boxes.find(({ kind }) => kind === "crop");
    // Without a box the picture stays as it is: the person has looked at it.
    result = boxes.boxes.length ? await redacted(file, covers, crop) : file;
    dialog.close();
  }

  refresh();
  modes[0].button.focus();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  URL.revokeObjectURL(image.src);
  return result;
}

/** A cover with a margin around [x, y, width, height], which are pixels of the reading. */
function coverBox([left, top, width, height], reading, size) {
  const scale = size.width / reading.width;
  const margin = height * MARGIN;
  const x = Math.max(0, (left - margin) * scale);
  const y = Math.max(0, (top - margin) * scale);
  return {
    kind: "cover",
    x,
    y,
    width: Math.min(size.width - x, (width + 2 * margin) * scale),
    height: Math.min(size.height - y, (height + 2 * margin) * scale),
  };
}
