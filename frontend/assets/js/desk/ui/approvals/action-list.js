// The list of actions: what would be done, with which values, and how long one may decide.
import { timeLeft } from "../../../models/actions.js";
import { template } from "../../../ui/dom.js";
import { hashOf } from "../../lib/routes.js";
import { FILTERS, shortText, statusKey } from "../../models/approvals.js";
import { timeText } from "../clock.js";
import { failureText } from "../failures.js";
import { drawKeyed } from "../keyed.js";
import { focusRow, mountFilters, moveByArrows } from "../list-parts.js";

const TICK_MS = 10_000; // the time that is left is told by the minute

/** Returns {show, focus, unmount}: `show(id)` marks the open one, `focus(id)` its row. */
export function mountActionList(element, services) {
  const { approvals, text } = services;
  const filters = mountFilters(element.querySelector(".filters"), "approvals", FILTERS, text);
  const rows = element.querySelector(".rows");
  const hint = element.querySelector(".hint");
  let open = null;
  rows.ariaLabel = text("actionList");
  moveByArrows(rows);

  function draw() {
    filters.show(approvals.filter, approvals.counts);
    drawKeyed(rows, approvals.rows ?? [], {
      make: () => template("action-row-template"),
      draw: (action, item) => drawRow(item, action, { ...services, open }),
    });
    hint.textContent = hintFor(services);
    hint.hidden = !hint.textContent;
  }

  const timer = setInterval(draw, TICK_MS);
  approvals.addEventListener("changed", draw);
  draw();
  return {
    show(id) {
      open = id;
      draw();
    },
    focus: (id) => focusRow(rows, id),
    unmount() {
      clearInterval(timer);
      approvals.removeEventListener("changed", draw);
    },
  };
}

function hintFor(services) {
  const { approvals, text } = services;
  if (approvals.error) return failureText(approvals.error, services);
  if (!approvals.rows) return text("loadingView");
  return approvals.rows.length ? "" : text(`empty_${approvals.filter}`);
}

function drawRow(item, action, services) {
  const { api, approvals, text, open } = services;
  const say = (selector, words) => {
    const box = item.querySelector(selector);
    if (box.textContent !== words) box.textContent = words;
  };
  const link = item.querySelector("a");
  link.href = hashOf("approvals", [approvals.filter, action.id]);
  if (action.id === open) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
  item.dataset.status = action.status;
  const left = timeLeft(action, api.now());
  say(".title", text.of(action.title));
  say(".left", left ? text(left.key, left.values) : "");
  say(".last", shortText(action));
  say(".state", text(statusKey(action)));
  say(".when", timeText(action.created_at, services));
}
