// Cards of actions: what will be done, a person's word on it, and what became of it.
import { mayDecide, rowsOf, stateText, statusAt, timeLeft } from "../models/actions.js";
import { errorMessage } from "../models/failure.js";
import { make, template } from "./dom.js";

const TICK_MS = 1000;
const SOON_MS = 60_000; // before the end, which is then announced once
const cards = new WeakMap(); // Card, by its element

/** Shows a card for each action of `turn`. `services`: {api, actions, text, limits, announcer}. */
export function mountProposals(element, turn, services) {
  const shown = new Map(Array.from(element.children, (card) => [card.dataset.action, card]));
  for (const action of turn.actions ?? []) {
    const known = shown.get(action.id);
    if (known) cards.get(known).show(action);
    else element.append(new Card(action, services).element);
  }
  element.hidden = element.childElementCount === 0;
}

/** Shows an action as it is now on every card that it has. */
export function showAction(action) {
  for (const element of document.querySelectorAll(".proposal")) {
    if (element.dataset.action === action.id) cards.get(element).show(action);
  }
}

class Card {
  #services;
  #action;
  #ticking = 0;
  #announced = false;

  constructor(action, services) {
    this.#services = services;
    this.element = template("proposal-template");
    this.element.dataset.action = action.id;
    cards.set(this.element, this);
    const [confirm, cancel] = this.element.querySelectorAll("button");
    // Only a person's own click or key press: a script's has `isTrusted` false.
    confirm.onclick = ({ isTrusted }) => isTrusted && this.#decide("confirm");
    cancel.onclick = ({ isTrusted }) => isTrusted && this.#decide("cancel");
    this.show(action);
  }

  show(action) {
    this.#action = action;
    const { api, text } = this.#services;
    const title = text.of(action.title);
    this.element.ariaLabel = title;
    this.#part("h2").textContent = title;
    this.#part("dl").replaceChildren(
      ...rowsOf(action, text).flatMap((one) => changeRow(one, text)),
    );
    this.#showState();
    clearInterval(this.#ticking);
    if (timeLeft(action, api.now())) this.#ticking = setInterval(() => this.#tick(), TICK_MS);
  }

  #part(selector) {
    return this.element.querySelector(selector);
  }

  #showState() {
    const { api, actions, text } = this.#services;
    const [action, now] = [this.#action, api.now()];
    this.element.dataset.status = statusAt(action, now);
    const words = stateText(action, now, text);
    const state = this.#part(".state");
    if (state.textContent !== words) state.textContent = words; // said again with each change
    const left = timeLeft(action, now);
    this.#part(".term").textContent = left ? text(left.key, left.values) : "";
    const isSending = actions.isSending(action.id);
    this.#showButtons(mayDecide(action, now), isSending);
  }

  /** A button that is sending keeps the focus; where the buttons go, the card takes it. */
  #showButtons(areShown, isSending) {
    const { text } = this.#services;
    const buttons = this.#part(".buttons");
    const hadFocus = buttons.contains(document.activeElement);
    buttons.hidden = !areShown;
    if (hadFocus && !areShown) this.element.focus({ preventScroll: true });
    const [confirm, cancel] = buttons.children;
    confirm.textContent = text(isSending ? "sendingDecision" : "confirmAction");
    cancel.textContent = text("cancel");
    for (const button of [confirm, cancel]) button.ariaDisabled = String(isSending);
  }

  #tick() {
    const { api, text, announcer } = this.#services;
    const action = this.#action;
    if (!this.element.isConnected || !timeLeft(action, api.now())) clearInterval(this.#ticking);
    this.#showState();
    const isSoon = action.expires_at * 1000 - api.now() < SOON_MS;
    if (!isSoon || this.#announced || !mayDecide(action, api.now())) return;
    this.#announced = true;
    announcer.textContent = text("expiresSoon", { title: text.of(action.title) });
  }

  async #decide(decision) {
    const { actions, api, limits, text } = this.#services;
    if (actions.isSending(this.#action.id)) return;
    this.#part(".problem").textContent = "";
    const decided = actions.decide(this.#action.id, decision);
    this.#showState();
    const error = await decided;
    this.#showState();
    // That it has expired, its state says.
    if (!error || statusAt(this.#action, api.now()) === "expired") return;
    this.#part(".problem").textContent = errorMessage(error, text, limits);
  }
}

/** A row of a card: the name, and the value, with what it was where that changes. */
export function changeRow({ label, value, old }, text) {
  const name = make("dt", { textContent: label });
  if (old === null) return [name, make("dd", { textContent: value })];
  const hidden = (key) =>
    make("span", { className: "visually-hidden", textContent: `${text(key)} ` });
  const [before, after] = [make("del", {}, hidden("changesFrom"), old), make("ins", {})];
  after.append(hidden("changesTo"), value);
  const arrow = make("span", { className: "arrow", ariaHidden: "true", textContent: "→" });
  return [name, make("dd", {}, before, " ", arrow, " ", after)];
}
