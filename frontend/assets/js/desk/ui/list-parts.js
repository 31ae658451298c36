// What lists have in common: links that choose which rows are shown, and moving between rows.
import { make } from "../../ui/dom.js";
import { hashOf } from "../lib/routes.js";

/** Links that choose a filter. Returns {show}: `show(filter, counts)` marks the chosen one. */
export function mountFilters(element, view, filters, text) {
  const links = filters.map((filter) => {
    const words = text(`filter_${filter}`);
    const link = make("a", { href: hashOf(view, [filter]), textContent: words });
    const number = make("span", { className: "number" });
    link.append(number);
    return { filter, link, number };
  });
  element.append(...links.map(({ link }) => link));
  return {
    show(chosen, counts) {
      for (const { filter, link, number } of links) {
        number.textContent = counts[filter] ? ` ${counts[filter]}` : "";
        if (filter === chosen) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    },
  };
}

/** Arrows, Home and End move between the links of `rows`; Enter follows one, as everywhere. */
export function moveByArrows(rows) {
  rows.onkeydown = (event) => {
    const links = [...rows.querySelectorAll("a")];
    const place = links.indexOf(document.activeElement);
    const last = links.length - 1;
    const places = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: last };
    const next = places[event.key];
    if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    links[Math.min(last, Math.max(0, next))]?.focus();
  };
}

/** Gives the focus to the row of this key, or to the first one. */
export function focusRow(rows, key) {
  const row = [...rows.children].find(({ dataset }) => dataset.key === key);
  (row ?? rows.firstElementChild)?.querySelector("a").focus();
}
