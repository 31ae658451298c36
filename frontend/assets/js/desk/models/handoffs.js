// Hand-overs as lists show them: which list, in which order, how long a customer waits.
export const FILTERS = ["open", "mine", "missed", "claimed", "resolved"];

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400]; // seconds
const WAITING = new Set(["open", "missed"]);

export const isWaiting = ({ status }) => WAITING.has(status);
export const isMine = ({ status, assignee }, me) => status === "claimed" && assignee === me;

/** The key of the text that says why. Other rules than the desk's own have no name to show. */
export const reasonKey = ({ reason, rule }) => `reason_${rule === "anger" ? rule : reason}`;

/** Whether a hand-over belongs into the list. */
export function fits(filter, handoff, me) {
  return filter === "mine" ? isMine(handoff, me) : handoff.status === filter;
}

/** Since when the customer waits for a person's word, in seconds since 1970; null: does not. */
export function waitingSince(handoff) {
  if (isWaiting(handoff)) return handoff.created_at;
  return handoff.status === "claimed" ? (handoff.waiting_since ?? null) : null;
}

/** Who has waited longest comes first; of those that are resolved, the newest. */
export function inOrder(filter, rows) {
  const place = (row) => {
    if (filter === "resolved") return -(row.resolved_at ?? row.created_at);
    return waitingSince(row) ?? Number.MAX_SAFE_INTEGER;
  };
  return rows.toSorted((one, other) => place(one) - place(other) || newer(one, other));
}

const newer = (one, other) => other.created_at - one.created_at || (one.id < other.id ? -1 : 1);

/** A row with what an event tells of it; null where the row knows as much. */
export function withNews(row, news) {
  const isNews = news.version > row.version || news.waiting_since !== row.waiting_since;
  if (!isNews || news.version < row.version) return null;
  return { ...row, ...news };
}

/**
 * The counts by filter after a hand-over went from `before` to `after`. `before`: null where it is
 * new.
 */
export function countsAfter(counts, before, after, me) {
  const moved = Object.keys(counts).map((filter) => {
    const was = before !== null && fits(filter, before, me);
    const step = Number(fits(filter, after, me)) - Number(was);
    return [filter, Math.max(0, counts[filter] + step)];
  });
  return Object.fromEntries(moved);
}

/** {key, values} of the text for a time span: "3:05", "2 h 5 min", "3 d 4 h". */
export function spanOf(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (count) => String(count).padStart(2, "0");
  if (whole < HOUR) {
    const values = { minutes: Math.floor(whole / MINUTE), seconds: two(whole % MINUTE) };
    return { key: "span_minutes", values };
  }
  if (whole < DAY) {
    const values = {
      hours: Math.floor(whole / HOUR),
      minutes: Math.floor((whole % HOUR) / MINUTE),
    };
    return { key: "span_hours", values };
  }
  const values = { days: Math.floor(whole / DAY), hours: Math.floor((whole % DAY) / HOUR) };
  return { key: "span_days", values };
}

/** {key, values} of the sentence for a step of a hand-over, as its turn tells it. */
export function stepText({ cause, number, assignee, outcome }) {
  const key = cause === "resolved" ? `step_${outcome ?? "solved"}` : `step_${cause}`;
  return { key, values: { number, name: assignee ?? "" } };
}
