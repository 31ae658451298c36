// Cover and crop before sending: boxes over the picture, by pointer or by keyboard; the pixels go when it is done.
import { wordsFor } from "../models/failure.js";
import { icon, iconButton, make, openDialog } from "./parts.js";
import { redacted } from "./scale.js";

const PRIVATE = new Set(["phone", "id_card", "bank_card"]);
const SMALLEST = 6;
const MARGIN = 0.15; // of a number's height: a reader's box is tight, and an edge of a digit can be guessed

/** The picture with its boxes painted over, or null where nothing was done. `stored`: the original's file, if it was sent. */
export async function openEditor({ file, stored, desk, text, limits }) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return null;
  const { width, height } = picture;
  picture.close();
  const { dialog, body } = openDialog("editor", text("editorTitle"), text("close"));
  const boxes = [];
  let mode = "cover";
  let result = null;

  const stage = make("div", { className: "stage" });
  const image = make("img", { src: URL.createObjectURL(file), alt: file.name, draggable: false });
  stage.append(image);
  const tools = make("div", { className: "bar" });
  const note = make("p", { className: "hint", role: "status", textContent: stored ? text("suggestRead") : text("suggestNote") });
  body.append(make("p", { className: "hint", textContent: text("editorHint") }), make("div", { className: "frame" }, stage), note, tools);

  function place({ element, x, y, width: w, height: h }) {
    Object.assign(element.style, { left: `${(x / width) * 100}%`, top: `${(y / height) * 100}%`, width: `${(w / width) * 100}%`, height: `${(h / height) * 100}%` });
  }

  function add(box) {
    if (box.kind === "crop") boxes.filter((other) => other.kind === "crop").forEach(remove);
    const words = box.kind === "crop" ? text("cropBox") : text("box", { number: boxes.filter((other) => other.kind === "cover").length + 1 });
    box.element = make("button", { type: "button", className: `box ${box.kind}`, ariaLabel: words });
    box.element.onkeydown = (event) => key(event, box);
    boxes.push(box);
    stage.append(box.element);
    place(box);
    refresh();
    return box;
  }

  function remove(box) {
    boxes.splice(boxes.indexOf(box), 1);
    box.element.remove();
    refresh();
  }

  function key(event, box) {
    if (["Delete", "Backspace"].includes(event.key)) {
      event.preventDefault();
      remove(box);
      return tools.querySelector("button").focus();
    }
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [0, 0];
    if (!dx && !dy) return;
    event.preventDefault();
    const step = Math.max(2, Math.round(Math.max(width, height) / 100));
    if (event.shiftKey) {
      box.width = clamp(box.width + dx * step, SMALLEST, width - box.x);
      box.height = clamp(box.height + dy * step, SMALLEST, height - box.y);
    } else {
      box.x = clamp(box.x + dx * step, 0, width - box.width);
      box.y = clamp(box.y + dy * step, 0, height - box.height);
    }
    place(box);
  }

  function at(event) {
    const { left, top, width: shownWidth, height: shownHeight } = image.getBoundingClientRect();
    return { x: clamp(((event.clientX - left) / shownWidth) * width, 0, width), y: clamp(((event.clientY - top) / shownHeight) * height, 0, height) };
  }

  stage.onpointerdown = (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    const start = at(event);
    const grabbed = boxes.find((box) => box.element === event.target);
    const from = grabbed && { x: grabbed.x, y: grabbed.y };
    const box = grabbed ?? add({ kind: mode, ...start, width: 0, height: 0 });
    stage.onpointermove = (moved) => {
      const now = at(moved);
      if (grabbed) Object.assign(box, { x: clamp(from.x + now.x - start.x, 0, width - box.width), y: clamp(from.y + now.y - start.y, 0, height - box.height) });
      else Object.assign(box, { x: Math.min(start.x, now.x), y: Math.min(start.y, now.y), width: Math.abs(now.x - start.x), height: Math.abs(now.y - start.y) });
      place(box);
    };
    stage.onpointerup = stage.onpointercancel = () => {
      stage.onpointermove = stage.onpointerup = stage.onpointercancel = null;
      if (box.width < SMALLEST && box.height < SMALLEST) remove(box);
      else box.element.focus();
    };
  };

  async function suggest() {
    find.disabled = true;
    note.textContent = text("suggesting");
    let lent = null;
    try {
      const id = stored?.id ?? (lent = (await desk.upload(file)).id);
      const readings = await desk.reading(id);
      const found = readings.flatMap((reading) => reading.fields.filter((field) => PRIVATE.has(field.name) && field.box).map((field) => boxOf(field, reading)));
      found.forEach(add);
      note.textContent = found.length ? text("suggested", { count: found.length }) : text("suggestNone");
    } catch (error) {
      note.textContent = text("suggestFailed", { reason: wordsFor(error, text, limits) });
    } finally {
      if (lent) await desk.removeFile(lent).catch(() => {});
      find.disabled = false;
    }
  }

  function boxOf({ box: [left, top, boxWidth, boxHeight] }, reading) {
    const scale = width / reading.width;
    const margin = boxHeight * MARGIN;
    const [x, y] = [Math.max(0, (left - margin) * scale), Math.max(0, (top - margin) * scale)];
    return { kind: "cover", x, y, width: Math.min(width - x, (boxWidth + 2 * margin) * scale), height: Math.min(height - y, (boxHeight + 2 * margin) * scale) };
  }

  const modes = ["cover", "crop"].map((name) => {
    const button = make("button", { type: "button", className: "tool", textContent: text(name), onclick: () => ((mode = name), refresh()) });
    return { name, button };
  });
  const addOne = iconButton("plus", text("addBox"), () => add({ kind: mode, x: width * 0.35, y: height * 0.4, width: width * 0.3, height: height * 0.2 }).element.focus(), { className: "tool", shown: true });
  const find = make("button", { type: "button", className: "tool", onclick: suggest }, icon("search"), make("span", { textContent: text("suggest") }));
  const undo = make("button", { type: "button", className: "tool", textContent: text("undo"), onclick: () => remove(boxes.at(-1)) });
  const done = make("button", { type: "button", className: "primary", textContent: text("done"), onclick: finish });
  tools.append(make("div", { className: "modes", role: "group", ariaLabel: text("editorTitle") }, ...modes.map((one) => one.button)), addOne, find, undo, make("span", { className: "spring" }), make("button", { type: "button", className: "quiet", textContent: text("cancel"), onclick: () => dialog.close() }), done);

  function refresh() {
    for (const { name, button } of modes) button.setAttribute("aria-pressed", String(name === mode));
    undo.disabled = !boxes.length;
  }

  async function finish() {
    done.disabled = true;
    const crop = boxes.find((box) => box.kind === "crop");
    // With no box at all the picture goes as it is, now that it was looked at.
    result = boxes.length ? await redacted(file, boxes.filter((box) => box.kind === "cover"), crop) : file;
    dialog.close();
  }

  refresh();
  modes[0].button.focus();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  URL.revokeObjectURL(image.src);
  return result;
}

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
