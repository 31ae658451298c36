// The steps that an action has taken: when, by whom, from which state to which, and why.
import { make } from "../../../ui/dom.js";
import { auditLine } from "../../models/approvals.js";
import { timeText } from "../clock.js";
import { personName } from "./action-card.js";

export function drawAudit(list, steps, action, services) {
  const { text } = services;
  const state = JSON.stringify([text.locale, steps, action?.by]);
  if (list.dataset.state === state) return;
  list.dataset.state = state;
  list.replaceChildren(
    ...(steps ?? []).map((step) => {
      const labelOf = (name) => text.of(action.labels?.[name]) || name;
      const { key, tries, reason: said } = auditLine(step, action, labelOf);
      const who = make("strong", { textContent: personName(step.who, text) });
      const time = make("time", { textContent: timeText(step.time, services) });
      const line = make("p", {}, who, " ", text(key), " ", time);
      const why = tries ? text("tryCount", { count: tries }) : said;
      const reason = why && make("p", { className: "hint", textContent: why });
      return make("li", {}, ...[line, reason].filter(Boolean));
    }),
  );
}
