// Names of figures that tell their formula, tiles, and bars of shares.
import { make } from "../../ui/dom.js";
import { percent } from "../models/clause-search.js";

const MARGIN = 12; // pixels between the formula and the edge of the window
let made = 0;

/**
 * The name of a figure. Its formula is shown while the pointer or the focus is on it, and told to
 * screen readers. `values`: of the formula's text.
 */
export function named(key, text, values = {}) {
  const id = `formula-${(made += 1)}`;
  const formula = make("span", { className: "formula", id, role: "tooltip", hidden: true });
  formula.textContent = text(`formula_${key}`, values);
  const name = make("button", { type: "button", className: "figure-name" });
  name.textContent = text(`figure_${key}`);
  name.setAttribute("aria-describedby", id);

  function show() {
    formula.hidden = false;
    const place = name.getBoundingClientRect();
    const { width, height } = formula.getBoundingClientRect();
    const left = Math.min(place.left, innerWidth - width - MARGIN);
    const below = place.bottom + 6;
    const top = below + height > innerHeight ? place.top - height - 6 : below;
    Object.assign(formula.style, { left: `${Math.max(MARGIN, left)}px`, top: `${top}px` });
    document.addEventListener("scroll", hide, { capture: true, once: true });
  }

  function hide() {
    formula.hidden = true;
  }

  const box = make("span", { className: "named" }, name, formula);
  box.onpointerenter = show;
  box.onpointerleave = () => document.activeElement !== name && hide();
  name.onfocus = name.onclick = show;
  name.onblur = hide;
  name.onkeydown = (event) => event.key === "Escape" && hide();
  return box;
}

/** A figure with its name, and others under it. */
export function tile({ key, value, notes }, text, values) {
  const small = notes.map((one) => make("span", {}, named(one.key, text, values), ` ${one.value}`));
  return make(
    "div",
    { className: "tile" },
    make("dt", {}, named(key, text, values)),
    make("dd", {}, make("strong", { textContent: value }), ...small),
  );
}

/** A share as a bar with its percentage. */
export function shareBar(share) {
  const bar = make("span", { className: "share-bar" }, make("i"));
  bar.firstChild.style.width = percent(share);
  return make("span", { className: "share" }, bar, percent(share));
}
