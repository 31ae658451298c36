// Actions as the page shows them: the state in words, the rows of a card, the time that is left.
export const JUST_NOW_MS = 60_000;
const SLACK = 1 / 12; // of a unit: what was valid for 15 minutes a moment ago is not called 14
const ENDS = new Set(["done", "failed", "cancelled", "expired"]);
// Seconds of each unit of the time left, and how many of the smaller one are still told.
const UNITS = [
  ["day", 86_400, 2],
  ["hour", 3600, 2],
  ["minute", 60, 1],
  ["second", 1, 0],
];

/** Whether nothing more happens to an action. What is `unknown` waits for staff. */
export const hasEnded = ({ status }) => ENDS.has(status);

/** All actions of a conversation that may still change. */
export function openActions({ turns }) {
  return turns.flatMap(({ actions = [] }) => actions).filter((action) => !hasEnded(action));
}

/** The status at the moment `now`, in ms since 1970: the gateway may mark the expiry later. */
export function statusAt({ status, expires_at: seconds }, now) {
  return status === "proposed" && now >= seconds * 1000 ? "expired" : status;
}

/** Whether the owner is asked for a word. */
export function mayDecide(action, now) {
  return action.by === "customer" && statusAt(action, now) === "proposed";
}

/** The state as a sentence. */
export function stateText(action, now, text) {
  const { by, result, error } = action;
  const status = statusAt(action, now);
  const step = status === "running" ? "confirmed" : status;
  const differs = by === "staff" && ["proposed", "confirmed", "cancelled"].includes(step);
  const words = step === "done" ? result?.text : error;
  return text(`action_${step}${differs ? "_staff" : ""}`, { words: words ?? "" }).trim();
}

/** {key, values} of the text for the time that is left, or null where none is. */
export function timeLeft(action, now) {
  if (statusAt(action, now) !== "proposed") return null;
  const seconds = Math.ceil(action.expires_at - now / 1000);
  const [unit, size] = UNITS.find(([, one, least]) => seconds > least * one);
  const count = size > 1 ? Math.floor(seconds / size + SLACK) : seconds;
  return { key: `left_${unit}`, values: { count } };
}

/**
 * The card's rows, [{label, value, old}]: each argument, then what else of the present state is
 * known. `old`: the present value where the action changes it, else null.
 */
export function rowsOf({ arguments: given = {}, labels = {}, before }, text) {
  const labelOf = (name) => text.of(labels[name]) || knownLabel(name, text) || name;
  const now = Object.entries(before ?? {});
  const old = (name, value) => {
    const words = Object.hasOwn(before ?? {}, name) ? valueText(before[name], text) : value;
    return words === value ? null : words;
  };
  const changed = Object.entries(given).map(([name, one]) => {
    const value = valueText(one, text);
    return { label: labelOf(name), value, old: old(name, value) };
  });
  const others = now.filter(([name]) => !Object.hasOwn(given, name));
  const kept = others.map(([name, one]) => {
    const label = text("currently", { name: labelOf(name) });
    return { label, value: valueText(one, text), old: null };
  });
  return [...changed, ...kept];
}

/**
 * What a system told, [{label, lines}]. Of values in several languages (`status_zh`, `status_en`)
 * the page's is kept. Where the system has a sentence, values that have no label are left out: they
 * are the connector's own names, and the sentence has what matters.
 */
export function foundRows({ text: said, values }, text) {
  const found = new Map(); // {language: value} by name
  for (const [key, value] of Object.entries(values ?? {})) {
    const [, name, language] = key.match(/^(.+)_(zh|en)$/) ?? [key, key, "zh"];
    found.set(name, { ...found.get(name), [language]: value });
  }
  return [...found].flatMap(([name, byLanguage]) => {
    const label = knownLabel(name, text);
    if (said && !label) return [];
    const lines = [text.of(byLanguage)].flat().map((one) => valueText(one, text));
    return [{ label: label || name, lines }];
  });
}

/** The page's own name of a field of readings, or "". */
function knownLabel(name, text) {
  const key = `field_${name}`;
  const label = text(key);
  return label === key ? "" : label;
}

/** A JSON value in words. */
export function valueText(value, text) {
  if (value === null || value === undefined || value === "") return "—";
  if (typeof value === "boolean") return text(value ? "yes" : "no");
  if (Array.isArray(value)) return value.map((one) => valueText(one, text)).join(text("listComma"));
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** When a system was asked: "just now" for a minute, then the time. `at`: ms since 1970. */
export function whenText(at, now, text) {
  if (now - at < JUST_NOW_MS) return text("justNow");
  const shown = { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" };
  return new Date(at).toLocaleString(text.locale, shown);
}
