// The part "service": engines, database, background tasks and settings.
import { engineMessage } from "../../models/failure.js";
import { make } from "../../ui/dom.js";
import { engineState, taskState } from "../models/service.js";
import { button, fill, mark, section, table } from "./report-parts.js";

/** Returns {unmount}. */
export function mountService(element, { api, text }) {
  const content = make("div", { className: "report-body" });
  const head = make("div", { className: "card-head" }, make("span", { className: "spring" }));
  head.append(button(text("readAgain"), () => loading.again()));
  element.append(head, content);
  const loading = fill(
    content,
    () => api.read("system"),
    (data) => partsOf(data, text),
    text,
  );
  return { unmount: loading.stop };
}

function partsOf(system, text) {
  return [
    overview(system, text),
    section(text("enginesTitle"), null, ...enginesOf(system, text)),
    section(text("tasksTitle"), null, tasksOf(system.tasks, text)),
    section(
      text("settingsTitle"),
      null,
      make("p", { className: "hint", textContent: text("settingsHint") }),
      settingsOf(system.settings, text),
    ),
  ];
}

function overview({ version, reader, database }, text) {
  const readerKind = reader.on ? (reader.up === false ? "bad" : "good") : "wait";
  const isAnswering = database.answers;
  const facts = [
    [text("versionTitle"), version],
    [text("readerTitle"), mark(readerKind, text(reader.on ? "reader_on" : "reader_off"))],
    [
      text("databaseTitle"),
      mark(
        isAnswering ? "good" : "bad",
        `${database.kind} · ${text(isAnswering ? "databaseAnswers" : "databaseSilent")}`,
      ),
    ],
  ];
  const items = facts.map(([name, value]) =>
    make("div", {}, make("dt", { textContent: name }), make("dd", {}, value)),
  );
  return make("dl", { className: "facts card" }, ...items);
}

function enginesOf({ engine, engines }, text) {
  const columns = [
    { words: text("engineName") },
    { words: text("engineModel") },
    { words: text("engineState") },
    { words: text("engineLoad"), number: true },
    { words: text("engineSees") },
  ];
  const rows = engines.map((one) => {
    const { kind, key } = engineState(one);
    return [
      one.fallback ? `${one.name} (${text("engineFallback")})` : one.name,
      one.model,
      mark(kind, text(key)),
      `${one.inflight} / ${one.max_concurrent}`,
      text(one.sees === null ? "sightUnknown" : one.sees ? "canSee" : "cannotSee"),
    ];
  });
  const words = engineMessage(engine, text);
  const notes = words ? [make("p", { className: "hint", textContent: words })] : [];
  return [...notes, table(text("enginesTitle"), columns, rows)];
}

function tasksOf(tasks, text) {
  const columns = [
    { words: text("taskName") },
    { words: text("taskState") },
    { words: text("taskRestarts"), number: true },
    { words: text("taskReason") },
  ];
  const rows = Object.entries(tasks).map(([name, task]) => {
    const { kind, key } = taskState(task);
    const reason = make("code", { lang: "en", textContent: task.reason ?? "" });
    return [taskName(name, text), mark(kind, text(key)), String(task.restarts), reason];
  });
  return table(text("tasksTitle"), columns, rows);
}

/** The gateway's own help is English. */
function helpOf(name, help, text) {
  if (text.locale === "en") return help;
  const words = text(`setting_${name}`);
  return words === `setting_${name}` ? "" : words;
}

/** In words, with the name that stands in the log. */
function taskName(name, text) {
  const words = text(`background_${name}`);
  const isKnown = words !== `background_${name}`;
  const known = isKnown ? [make("span", { textContent: words })] : [];
  return make("span", {}, ...known, make("code", { textContent: name }));
}

function settingsOf(settings, text) {
  const columns = [{ words: text("settingName") }, { words: text("settingValue") }];
  const rows = settings.map(({ name, value, help }) => [
    make(
      "span",
      {},
      make("code", { textContent: name }),
      make("span", { className: "original", textContent: helpOf(name, help, text) }),
    ),
    make("span", { className: "value", textContent: value }),
  ]);
  return table(text("settingsTitle"), columns, rows);
}
