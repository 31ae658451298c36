// Actions as staff decide about them: which list, which order, and the form that edits arguments.
import { statusAt } from "../../models/actions.js";

export const FILTERS = ["waiting", "unknown", "customer", "decided"];

/** Which list an action belongs to at the moment `now`, in ms since 1970. */
export function filterOf(action, now) {
  const status = statusAt(action, now);
  if (status === "proposed") return action.by === "staff" ? "waiting" : "customer";
  return status === "unknown" ? "unknown" : "decided";
}

const OF_STAFF = new Set(["proposed", "confirmed", "cancelled"]);

/** The key of the text for a status; `by`: whose word the action waits for. */
export function statusKey({ status, by }) {
  return by === "staff" && OF_STAFF.has(status) ? `status_${status}_staff` : `status_${status}`;
}

const PARTS = new Set(["assistant", "gateway", "customer"]);

/** Whether the audit's `who` is a part of the desk or the customer, and no member of staff. */
export const isPart = (who) => PARTS.has(who);

/**
 * A step of an action's audit: {key, tries, reason}. `tries`: which try it begins, from 2 on.
 * `labelOf(name)`: what people call an argument.
 */
export function auditLine({ to, who, reason = "" }, action, labelOf = (name) => name) {
  const by = to === "proposed" ? action.by : isPart(who) ? "customer" : "staff";
  const [, count] = /^try (\d+)$/.exec(reason ?? "") ?? [];
  const key = to === "proposed" ? "stepProposed" : statusKey({ status: to, by });
  const told = count ? "" : withLabels(reason ?? "", action, labelOf);
  return { key, tries: count > 1 ? Number(count) : 0, reason: told };
}

/** The gateway ends a reason with what was edited: `because [address: A → B]`. */
function withLabels(reason, { arguments: given = {} }, labelOf) {
  const [, said, edits] = /^(.*?)\[([^[]* → .*)\]$/s.exec(reason) ?? [];
  if (!edits) return reason;
  const named = (words, name) => words.replace(`${name}: `, `${labelOf(name)}: `);
  return [said.trim(), Object.keys(given).reduce(named, edits)].filter(Boolean).join(" · ");
}

/** What expires first is decided first; of what is decided, the newest comes first. */
export function inOrder(filter, actions) {
  const place = (action) => {
    if (filter === "decided")
      return -(action.finished_at ?? action.decided_at ?? action.created_at);
    return filter === "unknown" ? action.created_at : action.expires_at;
  };
  return actions.toSorted(
    (one, other) => place(one) - place(other) || (one.id < other.id ? -1 : 1),
  );
}

/** The arguments in a line: the values, without what is missing. */
export function shortText({ arguments: given = {} }) {
  const isShort = (value) => ["string", "number"].includes(typeof value) && value !== "";
  return Object.values(given).filter(isShort).join(" · ");
}

const LONG = 60; // characters from which on a value gets several lines

/** The fields of the form, [{name, kind, value}]: kind is text, long, number, boolean or json. */
export function formFields({ arguments: given = {} }) {
  return Object.entries(given).map(([name, value]) => {
    const kind = kindOf(value);
    return { name, kind, value: kind === "json" ? JSON.stringify(value, null, 2) : value };
  });
}

function kindOf(value) {
  if (typeof value === "string")
    return value.length > LONG || value.includes("\n") ? "long" : "text";
  return { number: "number", boolean: "boolean" }[typeof value] ?? "json";
}

/**
 * The arguments that a person has changed: {edited, wrong}. `values`: by name, as the form has
 * them, texts and booleans. `wrong`: names of what is no number or no JSON.
 */
export function editedArguments(fields, values) {
  const edited = {};
  const wrong = [];
  for (const { name, kind, value } of fields) {
    const given = values[name];
    if (given === (kind === "number" ? String(value) : value)) continue;
    const parsed = parse(kind, given);
    if (parsed === undefined) wrong.push(name);
    else edited[name] = parsed;
  }
  return { edited, wrong };
}

function parse(kind, given) {
  if (kind === "number") {
    const number = Number(given);
    return given.trim() === "" || Number.isNaN(number) ? undefined : number;
  }
  if (kind !== "json") return given;
  try {
    return JSON.parse(given);
  } catch {
    return undefined;
  }
}

/** The value that a pattern refuses, or null. `words`: the gateway's, which name the pattern. */
export function wrongForm(words) {
  return /^'(.*?)' does not have the form /s.exec(words)?.[1] ?? null;
}

/**
 * What the gateway refused: {fields: {name: text}, others: [text], missing: [name]}. `details`:
 * those of the error; its `problems` are "name: what is wrong".
 */
export function problemsByField({ problems = [], missing = [] }, names) {
  const fields = {};
  const others = [];
  for (const problem of problems) {
    const [, name, words] = /^([^:.[\]]+)[^:]*: (.*)$/s.exec(problem) ?? [];
    if (names.includes(name)) fields[name] = [fields[name], words].filter(Boolean).join("; ");
    else others.push(problem);
  }
  return { fields, others, missing: missing.filter((name) => !names.includes(name)) };
}
