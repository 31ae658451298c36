// The view "system": the knowledge, the business systems, and the service itself.
import { addTexts } from "../../lib/texts.js";
import { make } from "../../ui/dom.js";
import { backgroundTexts, translatedTexts } from "../lib/texts/background.js";
import { systemTexts } from "../lib/texts/system.js";
import { mountConnections } from "./connections.js";
import { mountKnowledge } from "./knowledge.js";
import { partLinks, viewHead } from "./report-parts.js";
import { mountService } from "./service.js";

const PARTS = { knowledge: mountKnowledge, connections: mountConnections, service: mountService };

/**
 * Shows the view in `element`, as the route says. `services`: {api, text, live, me, counts, config,
 * announcer}. Returns {update, unmount}: `update(route)` follows a change of parts or query.
 */
export function mount(element, services, route) {
  const { text } = services;
  for (const texts of [systemTexts, backgroundTexts, translatedTexts]) addTexts(texts);
  const names = Object.keys(PARTS);
  const links = make("div");
  const content = make("div", { className: "report-body" });
  let shown = null;

  function show({ parts: [wanted], query }) {
    const name = names.includes(wanted) ? wanted : names[0];
    if (shown?.name === name) return shown.update?.(query);
    shown?.unmount();
    const parts = names.map((one) => ({ name: one, words: text(`system_${one}`) }));
    links.replaceChildren(partLinks(text("systemParts"), "system", parts, name));
    content.replaceChildren();
    shown = { name, ...PARTS[name](content, services, query) };
    return null;
  }

  const head = viewHead(text("view_system"));
  element.replaceChildren(make("div", { className: "report" }, head, links, content));
  show(route);
  return { update: show, unmount: () => shown.unmount() };
}
