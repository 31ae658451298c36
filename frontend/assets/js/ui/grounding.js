// Marks what an answer claims and none of its sources supports.
import { make } from "./dom.js";

/** Wraps each claim in the text below `element` in <mark class="unsupported">. */
export function markClaims(element, claims, title) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  for (const node of nodes) {
    const pieces = splitAt(node.data, claims);
    if (pieces.length === 1 || node.parentElement.closest("mark.unsupported")) continue;
    const made = pieces.map((piece, place) => {
      return place % 2 ? make("mark", { className: "unsupported", title }, piece) : piece;
    });
    node.replaceWith(...made);
  }
}

/** The text in pieces; those at odd places are claims. */
function splitAt(words, claims) {
  const longestFirst = [...claims].sort((one, other) => other.length - one.length);
  const escaped = longestFirst.map((claim) => claim.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return words.split(new RegExp(`(${escaped.join("|")})`));
}
