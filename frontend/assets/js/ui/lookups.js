// The systems that an answer asked: a chip for each, which opens to what the system said.
import { JUST_NOW_MS, foundRows, whenText } from "../models/actions.js";
import { icon, make, template } from "./dom.js";

/** Shows the reads of `turn` that have ended. Those that run are told by the answer's status. */
export function mountLookups(element, turn, { text, api }) {
  const ended = (turn.tools ?? []).filter(({ status }) => status !== "running");
  const shown = new Set(Array.from(element.children, ({ dataset }) => dataset.tool));
  const fresh = ended.filter(({ id }) => !shown.has(id));
  turn.askedAt ??= api.now(); // of an answer that is being written
  element.append(...fresh.map((tool) => lookup(tool, turn.askedAt, text, api)));
  element.hidden = ended.length === 0;
}

/** `at`: when the system was asked, in ms since 1970 by the gateway's clock. */
function lookup({ id, title, status, result }, at, text, api) {
  const box = template("lookup-template");
  box.dataset.tool = id;
  box.dataset.status = status;
  const isFound = status === "done";
  box.querySelector("summary").prepend(icon(isFound ? "check" : "warn"));
  const name = box.querySelector("summary span");
  const label = () => {
    const when = whenText(at, api.now(), text);
    name.textContent = text(isFound ? "lookupDone" : "lookupFailed", { title, when });
  };
  label();
  const isNew = api.now() - at < JUST_NOW_MS;
  if (isNew) setTimeout(label, at + JUST_NOW_MS - api.now() + 1);
  const words = isFound ? result?.text : result?.reason || text("lookupNoReason");
  box.querySelector("p").textContent = words ?? "";
  box.querySelector("dl").append(...valueRows(result, text));
  return box;
}

/** A list's values stand each on a line of its own. */
function valueRows(result, text) {
  return foundRows(result ?? {}, text).flatMap(({ label, lines }) => {
    const words = { textContent: lines.join("\n") || "—" };
    return [make("dt", { textContent: label }), make("dd", words)];
  });
}
