// The view "system".
import { addTexts } from "../../lib/texts.js";
import { make } from "../../ui/dom.js";
import { systemTexts } from "../lib/texts/system.js";

/**
 * Shows the view in `element`, as the route says. `services`: {api, text, live, me, counts, config,
 * announcer}. Returns {update, unmount}: `update(route)` follows a change of parts or query.
 */
export function mount(element, { text }, _route) {
  addTexts(systemTexts);
  element.replaceChildren(make("h1", { textContent: text("view_system") }));
  return { update: () => {}, unmount: () => {} };
}
