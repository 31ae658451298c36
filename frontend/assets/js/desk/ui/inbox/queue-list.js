// The list of hand-overs: which ones, since when each waits, its last words.
import { make, template } from "../../../ui/dom.js";
import { hashOf } from "../../lib/routes.js";
import { FILTERS, waitingSince } from "../../models/handoffs.js";
import { showSince } from "../clock.js";
import { failureText } from "../failures.js";
import { drawKeyed } from "../keyed.js";

/** Returns {show, focus}: `show(id)` marks the open one, `focus(id)` gives its row the focus. */
export function mountQueueList(element, services) {
  const { inbox, text } = services;
  const filters = element.querySelector(".filters");
  const rows = element.querySelector(".rows");
  const older = element.querySelector(".older");
  let open = null;
  filters.append(...FILTERS.map((filter) => filterLink(filter, text)));
  rows.ariaLabel = text("queue");
  older.textContent = text("olderRows");
  older.onclick = () => inbox.more();
  rows.onkeydown = (event) => moveFocus(event, rows);

  function draw() {
    for (const link of filters.children) drawFilter(link, inbox);
    drawKeyed(rows, inbox.rows ?? [], {
      make: () => template("row-template"),
      draw: (row, item) => drawRow(item, row, { ...services, open }),
    });
    const hint = element.querySelector(".hint");
    hint.textContent = hintFor(services);
    hint.hidden = !hint.textContent;
    older.hidden = !inbox.hasMore;
  }

  inbox.addEventListener("changed", draw);
  draw();
  return {
    show: (id) => {
      open = id;
      draw();
    },
    focus: (id) => {
      const row = [...rows.children].find(({ dataset }) => dataset.key === id);
      (row ?? rows.firstElementChild)?.querySelector("a").focus();
    },
    unmount: () => inbox.removeEventListener("changed", draw),
  };
}

function hintFor(services) {
  const { inbox, text } = services;
  if (inbox.error) return failureText(inbox.error, services);
  if (!inbox.rows) return text("loadingView");
  return inbox.rows.length ? "" : text(`empty_${inbox.filter}`);
}

function filterLink(filter, text) {
  const link = make("a", {
    href: hashOf("inbox", [filter]),
    textContent: text(`filter_${filter}`),
  });
  link.dataset.filter = filter;
  link.append(make("span", { className: "number" }));
  return link;
}

function drawFilter(link, inbox) {
  const { filter } = link.dataset;
  const count = inbox.counts[filter];
  link.querySelector(".number").textContent = count ? ` ${count}` : "";
  if (filter === inbox.filter) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
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
  say(".reason", text(`reason_${row.reason}`));
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

/** Arrows, Home and End move between rows; Enter opens one, as it follows any link. */
function moveFocus(event, rows) {
  const links = [...rows.querySelectorAll("a")];
  const place = links.indexOf(document.activeElement);
  const next = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: links.length - 1 }[
    event.key
  ];
  if (next === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  links[Math.min(links.length - 1, Math.max(0, next))]?.focus();
}
