// What stands beside a turn's text: pictures, fields read in them, what the company's systems were
// asked, citations, failure, buttons.
import { readableSize } from "../lib/texts.js";
import { isBeforePeople, livingHandoff, readingsFor } from "../models/conversation.js";
import { errorMessage } from "../models/failure.js";
import { copyText, countDown, icon, iconButton, loaded, make, template, toast } from "./dom.js";

const MAX_SEEN = 4; // chips of values that the answer quotes from a picture
const COPIED_MS = 2000;
const drawnWork = new WeakMap(); // {tools, actions, done} that an article shows

/**
 * Fills the article of a finished answer. `question`: the user's turn before it. `written`:
 * resolves once its text is drawn.
 * `services`: {session, api, text, limits, announcer, serverKept, insert, isAgent, pictureUrl}.
 */
export function dressAnswer(article, turn, question, isLast, services, written) {
  const { text } = services;
  const readings = readingsFor(turn, question);
  const problem = readings.some(({ legible }) => legible === false) ? "illegible" : "partial";
  const partial = article.querySelector(".partial");
  partial.hidden = problem === "partial" && !readings.some((reading) => reading.partial);
  partial.textContent = text(problem);
  mountWork(article, turn, services);
  mountGrounding(article, turn, text, written);
  mountSuggestions(article.querySelector(".suggestions"), turn, services);
  mountCard(article.querySelector(".fields"), turn, question, services);
  mountCitations(article.querySelector(".citations"), turn, question, services);
  article.querySelector(".stopped").hidden = !turn.stopped;
  article.querySelector(".stopped").textContent = text("stopped");
  mountActions(article.querySelector(".actions"), turn, isLast, services);
  if (turn.failure && isLast) showFailure(article, turn.failure, services);
}

/**
 * Shows what the company's systems were asked, and what a person is to confirm, as it is now.
 * Returns a promise where there is any.
 */
export function mountWork(article, turn, services) {
  const { tools, actions } = turn;
  const drawn = drawnWork.get(article);
  if (tools === drawn?.tools && actions === drawn?.actions) return drawn?.done;
  const mount = (work) => work.mountWork(article, turn, services);
  const done = loaded(import("./work.js")).then(mount);
  drawnWork.set(article, { tools, actions, done });
  return done;
}

/** A question: its text, its pictures and its buttons. */
export function userTurn(turn, services) {
  const { session, text } = services;
  const { text: words, files = [] } = turn;
  const article = template("user-template");
  const bubble = article.querySelector(".bubble");
  bubble.textContent = words;
  bubble.hidden = !words;
  const pictures = article.querySelector(".pictures");
  pictures.hidden = !files.length;
  pictures.append(...files.map((file) => attachment(file, turn, services)));
  const edit = async () => {
    const { editTurn } = await loaded(import("./edit-turn.js"));
    if (session.busy || !bubble.isConnected) return;
    editTurn(article, turn, services, () => article.replaceWith(userTurn(turn, services)));
  };
  const copy = (event) => copied(event.currentTarget, words, text);
  const button = (name, onclick, className) =>
    iconButton(name, text(name), onclick, { className: `icon-button small ${className}` });
  const actions = article.querySelector(".actions");
  actions.append(button("copy", copy, ""));
  const { turns } = session.conversation;
  if (!isBeforePeople(turns, turn)) actions.append(button("edit", edit, "edit"));
  return article;
}

/** A turn that only tells that an action has ended. */
export function noticeTurn(turn, services) {
  const { text: words, notice } = turn;
  const article = template("notice-template");
  const name = notice.status === "done" ? "check" : "warn";
  article.querySelector("p").append(icon(name), words);
  article.dataset.status = notice.status;
  const { session, text, isAgent } = services;
  const isNewest = turn === session.conversation.turns.at(-1);
  if (turn.offer && isNewest && !isAgent) {
    const className = "tool handoff offered";
    const act = () => handOver(turn, services);
    article.append(iconButton("person", text("handoff"), act, { className, shown: true }));
  }
  return article;
}

/** A PDF by its name, any other file as a picture that opens in full size. */
function attachment(file, turn, { session, text, pictureUrl }) {
  if (file.type === "application/pdf") {
    const { name, pages, size = 0 } = file;
    const about = pages > 1 ? text("pages", { pages }) : readableSize(size);
    const [title, small] = [
      make("span", { textContent: name }),
      make("small", { textContent: about }),
    ];
    return make("span", { className: "file-name" }, icon("clause"), title, small);
  }
  const name = file.name ?? text("picture");
  const image = make("img", { alt: name, loading: "lazy", decoding: "async" });
  pictureUrl(file).then(
    (url) => (image.src = url),
    () => image.classList.add("lost"),
  );
  const enlarge = async () => {
    const { openLightbox } = await loaded(import("./lightbox.js"));
    const { turns } = session.conversation;
    const readings = turns[turns.indexOf(turn) + 1]?.reading ?? [];
    const own = readings.filter((reading) => reading.image === file.id);
    openLightbox({ file, readings: own, text, pictureUrl });
  };
  const properties = { type: "button", className: "picture", onclick: enlarge };
  return make("button", { ...properties, ariaLabel: `${text("open")}: ${name}` }, image);
}

async function showInPicture(reading, field, question, { text, pictureUrl }) {
  const { openLightbox } = await loaded(import("./lightbox.js"));
  const file = question.files.find(({ id }) => id === reading.image);
  openLightbox({ file, readings: [reading], lit: field, text, pictureUrl });
}

/** The card of fields is loaded with the first picture. */
async function mountCard(form, turn, question, services) {
  form.hidden = true;
  if (!readingsFor(turn, question).some(({ fields }) => fields.length)) return;
  const { mountFields } = await loaded(import("./fields.js"));
  const locate = (reading, field) => showInPicture(reading, field, question, services);
  mountFields(form, turn, question, { ...services, locate });
}

/** Says which claims of the answer are in none of its sources. */
async function mountGrounding(article, turn, text, written) {
  const note = article.querySelector(".ungrounded");
  const claims = turn.grounding?.supported === false ? turn.grounding.unsupported : [];
  note.hidden = claims.length === 0;
  if (note.hidden) return;
  note.textContent = text("ungrounded", { claims: claims.join(text("listComma")) });
  const { markClaims } = await loaded(import("./grounding.js"));
  await written;
  markClaims(article.querySelector(".bubble"), claims, text("ungroundedMark"));
}

/**
 * "Did you mean": the titles of clauses, each of which asks for its clause. An answer that names
 * them has asked already.
 */
function mountSuggestions(element, turn, { session, text }) {
  const { suggestions = [] } = turn;
  element.hidden = suggestions.length === 0;
  const chips = suggestions.map(({ title, clause }) => {
    const words = [title, clause && numberOf(clause, text)].filter(Boolean).join(" ");
    return chip("search", words, () => session.ask(words, []));
  });
  const isAsked = suggestions.every(({ title }) => turn.text.includes(title));
  const head = isAsked ? [] : [make("p", { textContent: text("didYouMean") })];
  element.replaceChildren(...head, ...chips);
}

const numberOf = (clause, text) => text("clause", { clause: clause.replace(/^第|条$/g, "") });

/** A clause's title and number; of a correction by staff, who wrote it. */
function labelOf({ kind, title, clause, author }, text) {
  const byStaff = kind === "correction" && text("correctionBy", { author });
  return [title, clause && numberOf(clause, text), byStaff].filter(Boolean).join(" · ");
}

function mountCitations(element, turn, question, services) {
  const { text } = services;
  const citations = turn.citations ?? [];
  const seen = valuesSeen(turn, question).slice(0, MAX_SEEN);
  // The words to mark in a clause come from the question and from what was read in its pictures.
  const values = (turn.fields ?? []).map((field) => field.value);
  const asked = [question?.text, ...values].filter(Boolean).join(" ");
  const chips = citations.map((citation) => {
    const number = citation.clause && numberOf(citation.clause, text);
    const open = () => openClause(citation, number, asked, text);
    return chip("clause", labelOf(citation, text), open);
  });
  for (const { field, reading } of seen) {
    const label = text("seen", { name: text(`field_${field.name}`), value: field.value });
    const locate = () => showInPicture(reading, field, question, services);
    chips.push(chip("locate", label, locate, "chip seen"));
  }
  element.hidden = chips.length === 0;
  element.replaceChildren(...chips);
}

/** [{field, reading}] of values in a picture that the answer's text quotes. */
function valuesSeen(turn, question) {
  const isQuoted = ({ box, value }) => box && value.length > 2 && turn.text.includes(value);
  return readingsFor(turn, question).flatMap((reading) =>
    reading.fields.filter(isQuoted).map((field) => ({ field, reading })),
  );
}

async function openClause(citation, number, asked, text) {
  const clause = await loaded(import("./clause.js"));
  clause.openClause(citation, number, asked, text);
}

function chip(name, label, onclick, className = "chip") {
  const properties = { type: "button", className, onclick, title: label };
  return make("button", properties, icon(name), make("span", { textContent: label }));
}

function mountActions(element, turn, isLast, services) {
  const { session, text, serverKept, insert, isAgent, limits } = services;
  const showError = (error) => toast(errorMessage(error, text, limits));
  const button = (name, key, onclick, className) =>
    iconButton(name, text(key), onclick, { className: `icon-button ${className}` });
  const tool = (name, key, onclick, className) =>
    iconButton(name, text(key), onclick, { className: `tool ${className}`, shown: true });
  element.hidden = !turn.text && !isLast;
  element.replaceChildren();
  if (turn.text) {
    const copy = (event) => copied(event.currentTarget, turn.text, text);
    element.append(button("copy", "copy", copy, "copy"));
  }
  // Asked again, it would propose its action a second time.
  const { turns } = session.conversation;
  if (isLast && !turn.failure && !turn.actions && !isBeforePeople(turns, turn)) {
    element.append(button("again", "regenerate", () => session.retry(), "regenerate"));
  }
  if (serverKept && turn.answer) element.append(...ratingButtons(turn, services, showError));
  for (const as of turn.answer && turn.text ? insert : []) {
    const insertAs = () => {
      session.insert(turn, as);
      toast(text("inserted"));
    };
    const key = insert.length === 1 ? "insert" : `insert_${as}`;
    element.append(tool("insert", key, insertAs, "insert"));
  }
  if (serverKept && isLast && !isAgent && !livingHandoff(session.conversation)) {
    const spring = make("span", { className: "spring" });
    const isOffered = turn.offer || ["handoff", "no_clause"].includes(turn.outcome);
    const className = isOffered ? "handoff offered" : "handoff";
    const act = () => handOver(turn, services);
    element.append(spring, tool("person", "handoff", act, className));
  }
}

function ratingButtons(turn, { session, text }, showError) {
  const button = (name, key, rating, onclick) => {
    const made = iconButton(name, text(key), onclick, { className: `icon-button rate-${rating}` });
    return [made, rating];
  };
  const rate = (rating, reason) => session.rate(turn, rating, reason).then(rated).catch(showError);
  const buttons = [
    button("up", "helpful", "up", () => rate("up")),
    button("thumb-down", "unhelpful", "down", async () => {
      const { askWhy } = await loaded(import("./dialogs.js"));
      const reason = await askWhy(text);
      if (reason !== null) rate("down", reason);
    }),
  ];
  const show = () => {
    for (const [made, rating] of buttons) {
      made.setAttribute("aria-pressed", String(turn.rating === rating));
    }
  };
  const rated = () => {
    show();
    toast(text("thanks"));
  };
  show();
  return buttons.map(([made]) => made);
}

const handOver = async (turn, services) =>
  (await loaded(import("./handoffs.js"))).handOver(turn, services);

/** Copies `words`, and shows for 2 s on the button that it worked. */
async function copied(button, words, text) {
  if (!(await copyText(words))) return toast(text("notCopied"));
  const show = (name, label) => {
    button.replaceChildren(icon(name));
    button.ariaLabel = button.title = label;
  };
  show("check", text("copied"));
  setTimeout(() => show("copy", text("copy")), COPIED_MS);
}

function showFailure(article, failure, { session, text, limits }) {
  const box = article.querySelector(".failure");
  box.hidden = false;
  box.querySelector("p").textContent = errorMessage(failure, text, limits);
  const button = box.querySelector(".retry");
  button.onclick = () => session.retry();
  countDown(button, failure.until ?? 0, text);
}
