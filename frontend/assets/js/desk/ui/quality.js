// The view "quality": what to make better, each with the correction on the spot.
import { addTexts } from "../../lib/texts.js";
import { make } from "../../ui/dom.js";
import { qualityTexts } from "../lib/texts/quality.js";
import { mountAnswers } from "./judged-answers.js";
import { mountCorrections } from "./kept-corrections.js";
import { mountGroups } from "./question-groups.js";
import { partLinks, viewHead } from "./report-parts.js";

const PARTS = {
  gaps: mountGroups,
  down: (element, services) => mountAnswers(element, services, "down"),
  ungrounded: (element, services) => mountAnswers(element, services, "ungrounded"),
  corrections: mountCorrections,
};

/**
 * Shows the view in `element`, as the route says. `services`: {api, text, live, me, counts, config,
 * announcer}. Returns {update, unmount}: `update(route)` follows a change of parts or query.
 */
export function mount(element, services, route) {
  const { text } = services;
  addTexts(qualityTexts);
  const names = Object.keys(PARTS);
  const links = make("div");
  const content = make("div", { className: "report-body" });
  let shown = null;

  function show({ parts: [wanted] }) {
    const name = names.includes(wanted) ? wanted : names[0];
    if (shown?.name === name) return;
    shown?.unmount();
    const parts = names.map((one) => ({ name: one, words: text(`quality_${one}`) }));
    links.replaceChildren(partLinks(text("qualityParts"), "quality", parts, name));
    content.replaceChildren();
    shown = { name, ...PARTS[name](content, services) };
  }

  const head = viewHead(text("view_quality"));
  element.replaceChildren(make("div", { className: "report" }, head, links, content));
  show(route);
  return { update: show, unmount: () => shown.unmount() };
}
