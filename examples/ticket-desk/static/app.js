// The page: the queue, the open ticket, its notes.
import { Assistant } from "./assistant.js";
import { noteItem } from "./notes.js";
import { send } from "./server.js";
import { WORDS, ago, locale, say } from "./words.js";

const $ = (id) => document.getElementById(id);
let current = null;
let assistant = null;

document.documentElement.lang = locale;
for (const element of document.querySelectorAll("[data-text]"))
  element.textContent = say(element.dataset.text);
for (const element of document.querySelectorAll("[data-label]"))
  element.ariaLabel = say(element.dataset.label);
$("language").textContent = say("other");
$("language").onclick = () => {
  localStorage.setItem(
    "ticket-desk.locale",
    Object.keys(WORDS).find((one) => one !== locale),
  );
  location.reload();
};
$("close-ai").onclick = () => ($("ai").hidden = true);
start();

async function start() {
  const { agent, tickets } = await send("/api/tickets");
  $("agent").textContent = agent;
  assistant = new Assistant($("frame"), agent, insert);
  showQueue(tickets);
  await open(Number(location.hash.slice(1)) || tickets[0].id);
}

function showQueue(tickets) {
  $("tickets").replaceChildren(
    ...tickets.map((ticket) => {
      const item = document.createElement("li");
      const button = Object.assign(document.createElement("button"), {
        type: "button",
        onclick: () => open(ticket.id),
      });
      const line = (name, textContent) =>
        Object.assign(document.createElement("span"), { className: name, textContent });
      button.dataset.ticket = ticket.id;
      button.append(
        line("name", ticket.subject),
        line("by", `${ticket.customer} · ${ticket.channel}`),
        line("when", ago(ticket.created)),
        line(`state ${ticket.status}`, say(ticket.status)),
      );
      item.append(button);
      return item;
    }),
  );
}

async function open(id) {
  location.hash = id;
  show(await send(`/api/tickets/${id}`));
  if (!$("ai").hidden && !(await assistant.show(current).catch(() => false))) $("ai").hidden = true;
}

function show(ticket) {
  current = ticket;
  for (const button of document.querySelectorAll("[data-ticket]")) {
    if (Number(button.dataset.ticket) === ticket.id) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  const view = $("ticket-template").content.cloneNode(true);
  view.querySelector(".number").textContent =
    `#${ticket.id} · ${ticket.customer} · ${ticket.channel}`;
  view.querySelector(".subject").textContent = ticket.subject;
  const status = view.querySelector(".status-button");
  status.textContent = say(ticket.status === "open" ? "solve" : "reopen");
  status.onclick = () => change(ticket);
  const toAI = view.querySelector(".to-ai");
  toAI.querySelector(".words").textContent = say("toAI");
  toAI.onclick = () => askAI(toAI, ticket);
  view.querySelector(".messages").append(...ticket.messages.map(messageItem));
  showNotes(view.querySelector(".notes"), ticket);
  $("ticket").replaceChildren(view);
}

function messageItem({ role, author, text, image, created }) {
  const item = $("message-template").content.firstElementChild.cloneNode(true);
  item.classList.add(role);
  item.querySelector(".who").textContent = `${author} · ${ago(created)}`;
  item.querySelector(".text").textContent = text;
  if (image)
    item
      .querySelector(".said")
      .append(Object.assign(new Image(), { src: `/screens/${image}`, alt: say("screenshot") }));
  return item;
}

function showNotes(section, ticket) {
  section.querySelector("h3").textContent = say("notes");
  const list = section.querySelector("ol");
  list.replaceChildren(...ticket.notes.map(noteItem));
  if (!ticket.notes.length)
    list.append(
      Object.assign(document.createElement("li"), {
        className: "none",
        textContent: say("noNotes"),
      }),
    );
  const form = section.querySelector("form");
  const field = form.querySelector("textarea");
  field.placeholder = form.querySelector("label").textContent = say("write");
  form.querySelector("button").textContent = say("add");
  const reply = form.querySelector(".reply");
  reply.textContent = say("reply");
  reply.hidden = !ticket.handoff;
  reply.onclick = async () => {
    if (!field.value.trim()) return;
    reply.disabled = true;
    try {
      show(await send(`/api/tickets/${ticket.id}/replies`, { text: field.value }));
    } catch (error) {
      tell(say("notInserted", { reason: error.message }));
    }
    reply.disabled = false;
  };
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (!field.value.trim()) return;
    try {
      showNotes(section, await send(`/api/tickets/${ticket.id}/notes`, { text: field.value }));
      field.value = "";
    } catch (error) {
      tell(say("notInserted", { reason: error.message })); // what was written stays
    }
  };
}

async function change(ticket) {
  show(
    await send(`/api/tickets/${ticket.id}/status`, {
      status: ticket.status === "open" ? "solved" : "open",
    }),
  );
  showQueue((await send("/api/tickets")).tickets);
  show(current);
}

async function askAI(button, ticket) {
  const words = button.querySelector(".words");
  button.disabled = true;
  words.textContent = say("asking");
  $("ai").hidden = false;
  $("problem").hidden = true;
  try {
    await assistant.ask(ticket);
  } catch (error) {
    $("problem").hidden = false;
    $("problem").textContent = say("failed", { reason: error.message });
    assistant.reset();
  }
  button.disabled = false;
  words.textContent = say("toAI");
}

/** Writes a reply into its ticket. A failure is shown here and, by the error, in the desk. */
async function insert({ conversationId, text, citations, fields }) {
  let ticket;
  try {
    ticket = await send(`/api/conversations/${encodeURIComponent(conversationId)}/notes`, {
      text,
      citations,
      fields,
    });
  } catch (error) {
    tell(say("notInserted", { reason: error.message }));
    throw error;
  }
  tell(say("inserted", { id: ticket.id }));
  if (current.id !== ticket.id) return;
  const notes = document.querySelector(".notes");
  showNotes(notes, ticket);
  notes.querySelector(".note:last-child").scrollIntoView({ block: "center" });
}

function tell(words) {
  $("toast").textContent = words;
  setTimeout(() => ($("toast").textContent = ""), 4000);
}
