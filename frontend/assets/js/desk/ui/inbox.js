// The view "inbox": the list of hand-overs, the open conversation, and what is known beside it.
import { addTexts } from "../../lib/texts.js";
import { actionTexts } from "../../lib/texts/actions.js";
import { labelElements } from "../../ui/app-shell.js";
import { template } from "../../ui/dom.js";
import { hashOf } from "../lib/routes.js";
import { inboxTexts } from "../lib/texts/inbox.js";
import { FILTERS, isMine } from "../models/handoffs.js";
import { citationsOf, lastQuestion } from "../models/transcript.js";
import { OpenHandoff } from "../state/open-handoff.js";
import { startClock } from "./clock.js";
import { failureText } from "./failures.js";
import { mountCaseHead } from "./inbox/case-head.js";
import { mountClauses } from "./inbox/clauses.js";
import { drawFacts } from "./inbox/facts.js";
import { mountQueueList } from "./inbox/queue-list.js";
import { mountReply } from "./inbox/reply.js";
import { askOutcome } from "./inbox/resolve-dialog.js";
import { oneStepAtATime } from "./one-step.js";
import { drawTranscript, keepAtEnd } from "./transcript.js";

/** Shows the list and the hand-over that the route names. Returns {update, unmount}. */
export function mount(element, services, route) {
  const { text, inbox, announcer } = services;
  addTexts(inboxTexts);
  addTexts(actionTexts);
  const box = template("inbox-template");
  labelElements(box, text);
  element.replaceChildren(box);
  const opened = new OpenHandoff(services.handoffs, services.live, inbox);
  const list = mountQueueList(box.querySelector(".queue"), services);
  const facts = mountFactsToggle(box);
  const shown = mountCase(box, opened, { ...services, closeFacts: facts.close });
  const stopClock = startClock(box, services);

  function update({ parts: [filter, id = null] }) {
    const before = opened.id;
    inbox.choose(FILTERS.includes(filter) ? filter : FILTERS[0]);
    list.show(id);
    opened.open(id);
    box.classList.toggle("is-open", Boolean(id));
    if (id !== before) facts.close();
    if (id && id !== before) shown.focus();
    else if (before && !id) list.focus(before);
  }

  function onKey(event) {
    if (event.key !== "Escape" || event.isComposing || !opened.id) return;
    if (document.querySelector("dialog[open]") || facts.close()) return;
    location.hash = hashOf("inbox", [inbox.filter]);
  }

  const say = (words) => (announcer.textContent = words);
  const onArrived = ({ detail }) => say(text("arrived", { number: detail.handoff.number }));
  const onWrote = ({ detail }) => say(text("wrote", { number: detail.handoff.number }));
  inbox.addEventListener("arrived", onArrived);
  inbox.addEventListener("wrote", onWrote);
  document.addEventListener("keydown", onKey);
  update(route);
  return {
    update,
    unmount() {
      document.removeEventListener("keydown", onKey);
      inbox.removeEventListener("arrived", onArrived);
      inbox.removeEventListener("wrote", onWrote);
      opened.close();
      stopClock();
      list.unmount();
    },
  };
}

/** Where the facts have no room of their own, a button opens them. `close()`: whether it did. */
function mountFactsToggle(box) {
  const toggle = box.querySelector(".facts-toggle");

  function set(isOpen) {
    box.classList.toggle("show-facts", isOpen);
    toggle.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) box.querySelector(".beside").focus();
    else if (box.querySelector(".beside").contains(document.activeElement)) toggle.focus();
  }

  const isOpen = () => box.classList.contains("show-facts");
  toggle.onclick = () => set(!isOpen());
  box.querySelector(".facts-close").onclick = () => set(false);
  return {
    close() {
      const wasOpen = isOpen();
      set(false);
      return wasOpen;
    },
  };
}

/** The open hand-over. Returns {focus}. */
function mountCase(box, opened, services) {
  const { text, me, handoffs: routes } = services;
  const part = (selector) => box.querySelector(selector);
  const problem = part(".case-problem");
  let begun = null; // id of the one whose clauses are shown

  const { run, isBusy } = oneStepAtATime(problem, draw, services);

  async function resolve() {
    const given = await askOutcome(text);
    if (given) run(() => opened.resolve(given.outcome, given.note));
  }

  /** Goes on in the list of mine, at the reply. */
  async function claim() {
    const { id } = opened;
    await run(() => opened.claim());
    if (opened.id !== id || !mayInsert()) return;
    location.hash = hashOf("inbox", ["mine", id]);
    const isElsewhere = part(".beside").contains(document.activeElement);
    if (!isElsewhere) part(".reply textarea").focus();
  }

  const steps = { claim, release: () => run(() => opened.release()), resolve };
  const followEnd = keepAtEnd(part(".transcript"), part(".turns"));
  const head = mountCaseHead(part(".case-head"), steps, services);
  const reply = mountReply(part(".reply"), { ...services, opened });
  const mayInsert = () => Boolean(opened.handoff) && isMine(opened.handoff, me.name);
  const clauses = mountClauses(part(".ready"), {
    ...services,
    routes,
    insert(words) {
      services.closeFacts(); // where they cover the reply
      reply.insert(words);
    },
    mayInsert,
  });

  function draw() {
    const { id, handoff, messages, error } = opened;
    part(".case").hidden = part(".beside").hidden = !id;
    part(".nothing-open").hidden = Boolean(id);
    if (!id) return;
    part(".back").href = hashOf("inbox", [services.inbox.filter]);
    head.show(handoff, opened.title, isBusy());
    part(".case-error").textContent = error ? failureText(error, services) : "";
    part(".loading").hidden = Boolean(messages || error);
    reply.show(id, mayInsert());
    part(".beside").hidden = !messages;
    part(".transcript").hidden = !messages;
    if (!messages) return;
    drawConversation(handoff, messages);
  }

  function drawConversation(handoff, messages) {
    const readings = () => opened.messages?.toReversed().flatMap(({ reading }) => reading ?? []);
    const given = { ...services, conversation: handoff.conversation_id, readings };
    drawTranscript(part(".turns"), messages, given);
    drawFacts(part(".known"), handoff, messages, given);
    if (begun === handoff.id) return clauses.refresh();
    begun = handoff.id;
    followEnd.toEnd();
    return clauses.show(citationsOf(messages), lastQuestion(messages));
  }

  opened.addEventListener("changed", draw);
  draw();
  return { focus: () => part(".case h2").focus() };
}
