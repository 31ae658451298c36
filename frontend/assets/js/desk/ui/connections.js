// The part "connections": whether each business system answers, and how webhooks are taken.
import { make } from "../../ui/dom.js";
import { shortTime } from "../lib/times.js";
import { webhookState } from "../models/service.js";
import { button, fill, mark, problemsOf, section, table } from "./report-parts.js";

/** Returns {unmount}. */
export function mountConnections(element, { api, text }) {
  const connectors = make("div");
  const webhooks = make("div");
  const tryNow = button(text("tryNow"), () => trying.again());
  element.append(
    section(text("connectorsTitle"), tryNow, connectors),
    section(
      text("webhooksTitle"),
      button(text("readAgain"), () => reading.again()),
      webhooks,
    ),
  );

  async function tryAll() {
    tryNow.disabled = true;
    tryNow.textContent = text("trying");
    try {
      return await api.read("connectors");
    } finally {
      tryNow.disabled = false;
      tryNow.textContent = text("tryNow");
    }
  }

  const trying = fill(connectors, tryAll, (data) => connectorsOf(data, text), text);
  const reading = fill(
    webhooks,
    () => api.read("system"),
    (data) => webhooksOf(data.webhooks, text),
    text,
  );
  return { unmount: () => (trying.stop(), reading.stop()) };
}

function connectorsOf({ data, problems }, text) {
  const items = data.map(({ name, title, ok, code, details }) =>
    make(
      "li",
      {},
      mark(ok ? "good" : "bad", text(ok ? "connectorAnswers" : "connectorFails")),
      make("strong", { textContent: text.of(title) || name }),
      make("code", { textContent: name }),
      make("span", { className: "hint", textContent: code && text(`fault_${code}`, details) }),
    ),
  );
  const hint = text(data.length ? "connectorsHint" : "noConnectors");
  return [
    make("p", { className: "hint", textContent: hint }),
    make("ul", { className: "systems" }, ...items),
    ...(problems.length ? [problemsOf(problems, text)] : []),
  ];
}

function webhooksOf(webhooks, text) {
  if (!webhooks.length) {
    return make("p", { className: "hint", textContent: text("noWebhooks") });
  }
  const columns = [
    { words: text("webhookHost") },
    { words: text("webhookState") },
    { words: text("webhookWaiting"), number: true },
    { words: text("webhookFailed"), number: true },
    { words: text("webhookDelivered") },
    { words: text("webhookEvents") },
  ];
  return table(
    text("webhooksTitle"),
    columns,
    webhooks.map((one) => rowOf(one, text)),
  );
}

function rowOf(one, text) {
  const { kind, key } = webhookState(one);
  const time = (seconds) => (seconds ? shortTime(seconds, text.locale) : text("never"));
  const isRetried = one.state === "failing" && one.next_try_at;
  const next = isRetried ? text("webhookNext", { time: time(one.next_try_at) }) : "";
  const fault = one.code && text(`fault_${one.code}`, one.details);
  const notes = [fault, next].filter(Boolean).join(" · ");
  return [
    one.host,
    make(
      "span",
      {},
      mark(kind, text(key)),
      make("span", { className: "hint", textContent: notes }),
    ),
    String(one.waiting),
    String(one.failed),
    time(one.delivered_at),
    make("span", { className: "hint wide", textContent: one.events.join(", ") }),
  ];
}
