// A conversation as staff read it: who said what, pictures, results of systems, clauses.
import { fileFromServer } from "../../models/conversation.js";
import { icon, loaded, make, template } from "../../ui/dom.js";
import { mountLookups } from "../../ui/lookups.js";
import { hashOf } from "../lib/routes.js";
import { statusKey } from "../models/approvals.js";
import { stepText } from "../models/handoffs.js";
import { timeText } from "./clock.js";
import { drawKeyed } from "./keyed.js";
import { pictureButtons } from "./pictures.js";

const drawn = new WeakMap(); // the message that an article shows, as JSON

/**
 * Shows the messages in `element`; those that have not changed are left alone. `services`: {api,
 * text, conversation, readings}: the conversation's id, and a function that returns its readings.
 */
export function drawTranscript(element, messages, services) {
  drawKeyed(element, messages, {
    make: () => template("said-template"),
    draw: (message, article) => drawOnce(article, message, services),
  });
}

const AT_END = 40; // pixels from the end that still count as the end

/**
 * Keeps `frame`, which scrolls, at the end of `content` while a person reads there: pictures and
 * Markdown grow after they are drawn. Returns {toEnd}.
 */
export function keepAtEnd(frame, content) {
  let isAtEnd = true;
  let height = 0;
  const toEnd = () => {
    isAtEnd = true;
    frame.scrollTop = frame.scrollHeight;
  };
  frame.onscroll = () => {
    // Growing content scrolls nothing, but a browser may move what is above.
    if (frame.scrollHeight !== height) return;
    isAtEnd = frame.scrollHeight - frame.scrollTop - frame.clientHeight < AT_END;
  };
  new ResizeObserver(() => {
    height = frame.scrollHeight;
    if (isAtEnd) toEnd();
  }).observe(content);
  return { toEnd };
}

function drawOnce(article, message, services) {
  const { text } = services;
  const form = JSON.stringify([text.locale, message]);
  if (drawn.get(article) === form) return;
  drawn.set(article, form);
  article.dataset.role = message.notice ? "notice" : message.role;
  article.querySelector(".author").textContent = authorOf(message, text);
  const time = article.querySelector("time");
  time.textContent = message.created_at ? timeText(message.created_at, services) : "";
  drawWords(article.querySelector(".words"), message, text);
  drawPictures(article.querySelector(".pictures"), message, services);
  const lookups = article.querySelector(".lookups");
  lookups.replaceChildren();
  mountLookups(lookups, { tools: message.tools, askedAt: message.created_at * 1000 }, services);
  drawActions(article.querySelector(".work"), message.actions ?? [], text);
  drawCitations(article.querySelector(".citations"), message.citations ?? [], text);
  drawRemarks(article.querySelector(".remarks"), message, text);
}

function authorOf({ role, author, notice }, text) {
  if (notice) return "";
  if (role === "staff") return author ?? text("author_staff");
  return text(role === "user" ? "author_user" : "author_assistant");
}

/** The assistant writes Markdown; people's words stay as they are. */
async function drawWords(element, { role, text: words, notice }, text) {
  if (notice?.type === "handoff") {
    const { key, values } = stepText(notice);
    element.textContent = text(key, values);
    return;
  }
  element.textContent = words;
  element.classList.toggle("plain", role !== "assistant");
  if (role !== "assistant" || !words || notice) return;
  const { renderMarkdown } = await loaded(import("../../render/markdown.js"));
  element.classList.add("markdown");
  renderMarkdown(element, words);
}

function drawPictures(element, message, services) {
  const files = (message.files ?? []).map(fileFromServer);
  element.hidden = files.length === 0;
  element.replaceChildren(...files.flatMap((file) => pictureButtons(file, services)));
}

/** Writes in the company's systems: each leads to its card among the approvals. */
function drawActions(element, actions, text) {
  element.hidden = actions.length === 0;
  const links = actions.map((action) => {
    const name = action.status === "done" ? "check" : "warn";
    const words = `${text.of(action.title)} · ${text(statusKey(action))}`;
    const href = hashOf("approvals", [action.id]);
    return make("a", { className: "chip", href }, icon(name), make("span", { textContent: words }));
  });
  element.replaceChildren(...links);
}

/** A button for each clause, which opens its text. */
export function drawCitations(element, citations, text) {
  element.hidden = citations.length === 0;
  const chips = citations.map((citation) => {
    const label = clauseLabel(citation, text);
    const open = () => openCitation(citation, text);
    const properties = { type: "button", className: "chip", title: label, onclick: open };
    return make("button", properties, icon("clause"), make("span", { textContent: label }));
  });
  element.replaceChildren(...chips);
}

/** A clause's title and number. */
export function clauseLabel({ title, clause }, text) {
  const number = clause && text("clause", { clause: clause.replace(/^第|条$/g, "") });
  return [title, number].filter(Boolean).join(" · ");
}

async function openCitation(citation, text) {
  const { openClause } = await loaded(import("../../ui/clause.js"));
  openClause(citation, clauseLabel({ clause: citation.clause }, text), "", text);
}

/** What staff should know of an answer: how it ended, what is not supported, how it was rated. */
function drawRemarks(element, message, text) {
  const { state, outcome, grounding, rating, reason, degraded } = message;
  const claims = grounding?.supported === false ? grounding.unsupported : [];
  const remarks = [
    outcome === "no_clause" && text("remark_no_clause"),
    claims.length && text("remark_ungrounded", { claims: claims.join(text("listComma")) }),
    rating && [text(`remark_${rating}`), reason].filter(Boolean).join(" "),
    ["stopped", "failed"].includes(state) && text(`remark_${state}`),
    degraded && text("remark_degraded"),
  ].filter(Boolean);
  element.hidden = remarks.length === 0;
  element.replaceChildren(...remarks.map((words) => make("p", { textContent: words })));
}
