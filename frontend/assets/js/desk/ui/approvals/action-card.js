// An action in full: what changes, its state, and the decisions that staff may take.
import { rowsOf, stateText, statusAt, timeLeft } from "../../../models/actions.js";
import { changeRow } from "../../../ui/proposals.js";
import { make } from "../../../ui/dom.js";
import { isPart } from "../../models/approvals.js";

const TICK_MS = 1000;

/** `decide`: {approve, edit, reject, settle}. Returns {show, unmount}. */
export function mountActionCard(element, decide, services) {
  const { api, text } = services;
  const part = (selector) => element.querySelector(selector);
  const buttons = { approve: "primary", edit: "quiet", reject: "quiet", settle: "primary" };
  for (const [step, className] of Object.entries(buttons)) {
    const button = make("button", { type: "button", className, textContent: text(`do_${step}`) });
    button.dataset.step = step;
    // Only a person's own click or key press: a script's has `isTrusted` false.
    button.onclick = ({ isTrusted }) => isTrusted && decide[step]();
    part(".buttons").append(button);
  }
  let shown = null;
  let timer = 0;

  function showTime() {
    const left = shown && timeLeft(shown, api.now());
    part(".term").textContent = left ? text(left.key, left.values) : "";
    if (shown) part(".state").textContent = sentence(shown, services);
    if (!left) clearInterval(timer);
    return left;
  }

  /** `isBusy`: a decision is on its way; `isEditing`: its form has the buttons. */
  function show(action, { isBusy, isEditing }) {
    shown = action;
    part("h2").textContent = action ? text.of(action.title) : "";
    part("dl").replaceChildren(
      ...(action ? rowsOf(action, text).flatMap((row) => changeRow(row, text)) : []),
    );
    clearInterval(timer);
    if (showTime()) timer = setInterval(showTime, TICK_MS);
    element.dataset.status = action ? statusAt(action, api.now()) : "";
    const may = mayDecide(action, api.now());
    const had = part(".buttons").contains(document.activeElement);
    for (const button of part(".buttons").children) {
      button.hidden = isEditing || !may.includes(button.dataset.step);
      button.ariaDisabled = String(isBusy);
    }
    if (had && document.activeElement.hidden) part("h2").focus({ preventScroll: true });
  }

  return { show, unmount: () => clearInterval(timer) };
}

function mayDecide(action, now) {
  const status = action && statusAt(action, now);
  if (status === "proposed") return ["approve", "edit", "reject"];
  return status === "unknown" ? ["settle"] : [];
}

/** The state for staff, with who decided. */
function sentence(action, { api, text }) {
  const status = statusAt(action, api.now());
  const who = action.decided_by;
  if (status === "proposed") return text(action.by === "staff" ? "asksStaff" : "asksCustomer");
  if (status === "unknown") return text("asksSettle");
  const words = stateText(action, api.now(), text);
  return who ? words + text("decidedBy", { name: personName(who, text) }) : words;
}

/** A person or a part of the desk, as the audit names it. */
export function personName(who, text) {
  return isPart(who) ? text(`by_${who}`) : who;
}
