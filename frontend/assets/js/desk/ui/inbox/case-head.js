// The head of an open hand-over: who waits since when, and the steps that staff may take.
import { make } from "../../../ui/dom.js";
import { isMine, isWaiting, waitingSince } from "../../models/handoffs.js";
import { showSince, timeText } from "../clock.js";

/** `steps`: {claim, release, resolve}, functions that return promises. Returns {show}. */
export function mountCaseHead(element, steps, services) {
  const { me, text } = services;
  const part = (selector) => element.querySelector(selector);
  const buttons = { claim: "primary", resolve: "quiet", release: "quiet" };
  for (const [step, className] of Object.entries(buttons)) {
    const button = make("button", { type: "button", className, textContent: text(`do_${step}`) });
    button.dataset.step = step;
    button.onclick = () => steps[step]();
    part(".buttons").append(button);
  }

  /** `isBusy`: a step is on its way. */
  function show(handoff, title, isBusy) {
    part("h2").textContent = title || text("untitled");
    part(".handoff-number").textContent = handoff ? `#${handoff.number}` : "";
    part(".state").textContent = handoff ? stateWords(handoff, services) : "";
    const since = handoff ? waitingSince(handoff) : null;
    part(".waits").hidden = since === null;
    part(".waits-words").textContent = text("waits");
    showSince(part(".since"), since, services);
    const may = {
      claim: handoff && isWaiting(handoff),
      resolve: handoff && (isWaiting(handoff) || isMine(handoff, me.name)),
      release: handoff && isMine(handoff, me.name),
    };
    keepFocus(part(".buttons"), part("h2"), () => {
      for (const button of part(".buttons").children) {
        button.hidden = !may[button.dataset.step];
        button.ariaDisabled = String(isBusy);
      }
    });
  }

  return { show };
}

/** Where the focused button goes, the heading takes the focus. */
function keepFocus(buttons, heading, change) {
  const { activeElement } = document;
  change();
  if (buttons.contains(activeElement) && activeElement.hidden) heading.focus();
}

function stateWords(handoff, services) {
  const { text } = services;
  const { status, assignee, outcome, created_at: created, resolved_at: resolved } = handoff;
  const values = {
    name: assignee ?? "",
    time: timeText((status === "resolved" && resolved) || created, services),
    outcome: outcome ? text(`outcome_${outcome}`) : "",
  };
  return text(`state_${status}`, values);
}
