// The view "figures".
import { addTexts } from "../../lib/texts.js";
import { make } from "../../ui/dom.js";
import { figuresTexts } from "../lib/texts/figures.js";

/**
 * Shows the view in `element`, as the route says. `services`: {api, text, live, me, counts, config,
 * announcer}. Returns {update, unmount}: `update(route)` follows a change of parts or query.
 */
export function mount(element, { text }, _route) {
  addTexts(figuresTexts);
  element.replaceChildren(make("h1", { textContent: text("view_figures") }));
  return { update: () => {}, unmount: () => {} };
}
