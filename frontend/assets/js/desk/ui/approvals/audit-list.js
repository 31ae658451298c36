// The steps that an action has taken: when, by whom, from which state to which, and why.
import { make } from "../../../ui/dom.js";
import { timeText } from "../clock.js";
import { personName } from "./action-card.js";

export function drawAudit(list, steps, services) {
  const { text } = services;
  const state = JSON.stringify([text.locale, steps]);
  if (list.dataset.state === state) return;
  list.dataset.state = state;
  list.replaceChildren(
    ...(steps ?? []).map((step) => {
      const who = make("strong", { textContent: personName(step.who, text) });
      const time = make("time", { textContent: timeText(step.time, services) });
      const line = make("p", {}, who, " ", text(`status_${step.to}`), " ", time);
      const reason = step.reason && make("p", { className: "hint", textContent: step.reason });
      return make("li", {}, ...[line, reason].filter(Boolean));
    }),
  );
}
