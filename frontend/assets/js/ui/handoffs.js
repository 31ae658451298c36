// Hand-overs in the thread: what has become of one, what people write, and how to be reached.
import { addTexts } from "../lib/texts.js";
import { handoffTexts } from "../lib/texts/handoffs.js";
import { livingHandoff, personIn } from "../models/conversation.js";
import { errorMessage } from "../models/failure.js";
import { asksForContact, noticeWords } from "../models/handoffs.js";
import { Handoffs } from "../state/handoffs.js";
import { askFor } from "./dialogs.js";
import { focusToType, iconButton, template, toast } from "./dom.js";

const begun = new WeakMap(); // Handoffs, by session

/** The hand-overs of the page's session. `services`: as in `dressAnswer`. */
export function handoffsOf(services) {
  return begun.get(services.session) ?? begin(services);
}

function begin({ session, api, text }) {
  addTexts(handoffTexts);
  const handoffs = new Handoffs(session, api);
  begun.set(session, handoffs);
  const question = document.getElementById("question");
  const show = () => {
    const name = personIn(session.conversation);
    question.placeholder = name ? text("placeholderPerson", { name }) : text("placeholder");
  };
  for (const type of ["opened", "handoffChanged"]) session.addEventListener(type, show);
  text.follow(show);
  show();
  markUnread(session);
  return handoffs;
}

/** Marks the title of a hidden tab while it has a message of a person that nobody has seen. */
function markUnread(session) {
  const mark = "● ";
  session.addEventListener("said", ({ detail: { turn } }) => {
    const isUnseen = document.visibilityState === "hidden" && turn.role === "staff";
    if (isUnseen && !document.title.startsWith(mark)) document.title = mark + document.title;
  });
  document.addEventListener("visibilitychange", () => {
    if (document.title.startsWith(mark)) document.title = document.title.slice(mark.length);
  });
}

/** Asks for a person: at once where the answer has offered one, else with a note. */
export async function handOver(turn, services) {
  const { text, limits } = services;
  const note = turn.offer ? "" : await askForNote(text);
  if (note === null) return;
  try {
    const { number } = await handoffsOf(services).request({ note });
    toast(text("handedOff", { number }));
    focusToType(document.getElementById("question")); // the button is gone
  } catch (error) {
    toast(errorMessage(error, text, limits));
  }
}

function askForNote(text) {
  const [title, label, submit] = [text("handoffTitle"), text("handoffLabel"), text("handoff")];
  return askFor({ title, label, submit, text });
}

/** Fills the article of a turn that a person wrote, or of a notice about a hand-over. */
export function fillPersonTurn(article, turn, services) {
  const handoffs = handoffsOf(services);
  if (turn.role === "staff") fillMessage(article, turn, services.text);
  else fillNotice(article, turn, { ...services, handoffs });
}

function fillMessage(article, { text: words, author, at }, text) {
  article.className = "turn staff";
  const message = template("message-template");
  message.querySelector(".name").textContent = author || text("colleague");
  message.querySelector(".mark").textContent = text("person");
  const shown = { hour: "2-digit", minute: "2-digit" };
  message.querySelector("time").textContent = new Date(at).toLocaleString(text.locale, shown);
  message.querySelector(".bubble").textContent = words;
  article.append(message);
}

function fillNotice(article, turn, services) {
  const { notice } = turn;
  const { session, text, isAgent } = services;
  const box = template("handoff-template");
  const { title, words } = noticeWords(notice, text);
  box.querySelector("h2").textContent = title;
  box.querySelector(".number").textContent = text("handoffNumber", { number: notice.number });
  box.querySelector("p").textContent = words;
  article.dataset.status = notice.status;
  article.append(box);
  for (const old of document.querySelectorAll(".handoff .contact")) old.hidden = true;
  const isNewest = livingHandoff(session.conversation) === notice;
  if (isNewest && asksForContact(notice)) mountContact(box.querySelector(".contact"), services);
  const isLast = turn === session.conversation.turns.at(-1);
  if (notice.cause === "resolved" && isLast && !isAgent) {
    const act = () => handOver(turn, services);
    const options = { className: "tool handoff offered", shown: true };
    box.append(iconButton("person", text("handoff"), act, options));
  }
}

function mountContact(form, { handoffs, text, limits }) {
  form.hidden = false;
  form.querySelector("span").textContent = text("contactLabel");
  const button = form.querySelector("button");
  button.textContent = text("contactSend");
  form.onsubmit = async (event) => {
    event.preventDefault();
    const contact = form.querySelector("input").value.trim();
    if (!contact || button.disabled) return;
    button.disabled = true;
    try {
      await handoffs.request({ contact });
      form.hidden = true;
    } catch (error) {
      toast(errorMessage(error, text, limits));
    }
    button.disabled = false;
  };
}
