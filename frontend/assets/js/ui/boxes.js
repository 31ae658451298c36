// Boxes over a picture: drawn, moved and resized by pointer or by keyboard.
import { make } from "./dom.js";

const SMALLEST = 6; // pixels of the picture; a smaller drag is a click
const STEPS = 100; // key presses that move a box across the picture

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/**
 * Lets boxes be drawn on `stage`, over `image`. `size`: {width, height} of the picture in pixels.
 * `labelOf(kind, number)`: a box's label. `changed()`: called after adding and removing. `left()`:
 * called when the focused box was removed. Returns {kind, boxes, add, remove}; `kind`, "cover" or
 * "crop", is that of the next box. A box is {kind, x, y, width, height, element}.
 */
export function mountBoxes(stage, image, size, { labelOf, changed, left }) {
  const state = { kind: "cover", boxes: [], add, remove };

  function place({ element, x, y, width, height }) {
    const percent = (value, whole) => `${(value / whole) * 100}%`;
    Object.assign(element.style, {
      left: percent(x, size.width),
      top: percent(y, size.height),
      width: percent(width, size.width),
      height: percent(height, size.height),
    });
  }

  /** There is one crop box at most: a new one replaces it. */
  function add(box) {
    const ofKind = state.boxes.filter(({ kind }) => kind === box.kind);
    if (box.kind === "crop") ofKind.forEach(remove);
    const ariaLabel = labelOf(box.kind, ofKind.length + 1);
    box.element = make("button", { type: "button", className: `box ${box.kind}`, ariaLabel });
    box.element.onkeydown = (event) => onKey(event, box);
    state.boxes.push(box);
    stage.append(box.element);
    place(box);
    changed();
    return box;
  }

  function remove(box) {
    state.boxes.splice(state.boxes.indexOf(box), 1);
    box.element.remove();
    changed();
  }

  function moveTo(box, x, y) {
    box.x = clamp(x, 0, size.width - box.width);
    box.y = clamp(y, 0, size.height - box.height);
  }

  function resizeTo(box, width, height) {
    box.width = clamp(width, SMALLEST, size.width - box.x);
    box.height = clamp(height, SMALLEST, size.height - box.y);
  }

  function onKey(event, box) {
    if (["Delete", "Backspace"].includes(event.key)) {
      event.preventDefault();
      remove(box);
      return left();
    }
    if (!Object.hasOwn(ARROWS, event.key)) return;
    event.preventDefault();
    const step = Math.max(2, Math.round(Math.max(size.width, size.height) / STEPS));
    const [dx, dy] = ARROWS[event.key].map((direction) => direction * step);
    if (event.shiftKey) resizeTo(box, box.width + dx, box.height + dy);
    else moveTo(box, box.x + dx, box.y + dy);
    place(box);
  }

  /** Where a pointer is, in the picture's pixels. */
  function at({ clientX, clientY }) {
    const shown = image.getBoundingClientRect();
    const x = ((clientX - shown.left) / shown.width) * size.width;
    const y = ((clientY - shown.top) / shown.height) * size.height;
    return { x: clamp(x, 0, size.width), y: clamp(y, 0, size.height) };
  }

  /** Dragging a box moves it; dragging elsewhere draws a new one. */
  stage.onpointerdown = (event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    stage.setPointerCapture(event.pointerId);
    const start = at(event);
    const grabbed = state.boxes.find(({ element }) => element === event.target);
    const origin = grabbed && { x: grabbed.x, y: grabbed.y };
    const box = grabbed ?? add({ kind: state.kind, ...start, width: 0, height: 0 });
    stage.onpointermove = (moved) => {
      const now = at(moved);
      if (grabbed) moveTo(box, origin.x + now.x - start.x, origin.y + now.y - start.y);
      else Object.assign(box, between(start, now));
      place(box);
    };
    stage.onpointerup = stage.onpointercancel = () => {
      stage.onpointermove = stage.onpointerup = stage.onpointercancel = null;
      if (box.width < SMALLEST && box.height < SMALLEST) remove(box);
      else box.element.focus();
    };
  };

  return state;
}

function between(one, other) {
  return {
    x: Math.min(one.x, other.x),
    y: Math.min(one.y, other.y),
    width: Math.abs(other.x - one.x),
    height: Math.abs(other.y - one.y),
  };
}
