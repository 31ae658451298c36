// The list of hand-overs: which ones, since when each waits, its last words.
import { make, template } from "../../../ui/dom.js";
import { hashOf } from "../../lib/routes.js";
import { FILTERS, reasonKey, waitingSince } from "../../models/handoffs.js";
import { showSince } from "../clock.js";
import { failureText } from "../failures.js";
import { drawKeyed } from "../keyed.js";
import { focusRow, mountFilters, moveByArrows } from "../list-parts.js";

/** Returns {show, focus}: `show(id)` marks the open one, `focus(id)` gives its row the focus. */
export function mountQueueList(element, services) {
  const { inbox, text } = services;
  const filters = mountFilters(element.querySelector(".filters"), "inbox", FILTERS, text);
  const rows = element.querySelector(".rows");
  const older = element.querySelector(".older");
  let open = null;
  rows.ariaLabel = text("queue");
  older.textContent = text("olderRows");
  older.onclick = () => inbox.more();
  moveByArrows(rows);

  function draw() {
    filters.show(inbox.filter, inbox.counts);
    drawKeyed(rows, inbox.rows ?? [], {
      make: () => template("row-template"),
      draw: (row, item) => drawRow(item, row, { ...services, open }),
    });
    const hint = element.querySelector(".hint");
    drawHint(hint, services);
    older.hidden = !inbox.hasMore;
  }

  inbox.addEventListener("changed", draw);
  draw();
  return {
    show: (id) => {
      open = id;
      draw();
    },
    focus: (id) => focusRow(rows, id),
    unmount: () => inbox.removeEventListener("changed", draw),
  };
}

/** Where nobody waits in time, a link leads to those who were missed and wait still. */
function drawHint(hint, services) {
  const { inbox, text } = services;
  const { missed = 0 } = inbox.counts;
  const isElsewhere = inbox.filter === "open" && inbox.rows?.length === 0 && missed > 0;
  const words = isElsewhere ? text("missedElsewhere", { count: missed }) : hintFor(services);
  hint.hidden = !words;
  if (hint.textContent === words) return;
  const link = { href: hashOf("inbox", ["missed"]), textContent: words };
  hint.replaceChildren(isElsewhere ? make("a", link) : words);
}

function hintFor(services) {
  const { inbox, text } = services;
  if (inbox.error) return failureText(inbox.error, services);
  if (!inbox.rows) return text("loadingView");
  return inbox.rows.length ? "" : text(`empty_${inbox.filter}`);
}

function drawRow(item, row, services) {
  const { inbox, text, open } = services;
  const part = (selector) => item.querySelector(selector);
  const say = (selector, words) => {
    const box = part(selector);
    if (box.textContent !== words) box.textContent = words;
  };
  const link = part("a");
  link.href = hashOf("inbox", [inbox.filter, row.id]);
  if (row.id === open) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
  item.dataset.status = row.status;
  const isUnread = inbox.unread.has(row.id);
  item.classList.toggle("unread", isUnread);
  say(".mark", isUnread ? text("unread") : "");
  say(".title", row.title || text("untitled"));
  say(".handoff-number", `#${row.number}`);
  say(".reason", text(reasonKey(row)));
  say(".who", row.assignee ?? "");
  say(".last", lastWords(row, text));
  const since = waitingSince(row);
  part(".waits").hidden = since === null;
  say(".waits-words", text("waits"));
  showSince(part(".since"), since, services);
  say(".outcome", row.outcome ? text(`outcome_${row.outcome}`) : "");
}

function lastWords({ last, note }, text) {
  if (!last) return note;
  const said = { user: "said_user", staff: "said_staff", assistant: "said_assistant" }[last.role];
  return text(said, { name: last.author ?? "", words: last.text });
}
