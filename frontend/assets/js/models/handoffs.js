// Hand-overs to people in the page's words. Each change is a notice in the thread.

/** Whether the customer is asked how to be reached: nobody is there to answer. */
export function asksForContact({ status, is_staffed: isStaffed, has_contact: hasContact }) {
  return !hasContact && (status === "missed" || (status === "open" && !isStaffed));
}

/** {title, words} of a notice; `words` says what happens next. */
export function noticeWords(notice, text) {
  const { cause, number, assignee, outcome } = notice;
  const name = assignee || text("colleague");
  const title = text(`handoff_${cause === "contact" ? "requested" : cause}`, { name, number });
  const key = cause === "resolved" ? `next_${outcome}` : `next_${cause}`;
  const next = text(key, { name });
  return { title, words: [next, hours(notice, text)].filter(Boolean).join(" ") };
}

/** When people are back, where somebody waits for them outside of the service hours. */
function hours({ status, is_staffed: isStaffed, opens_at: seconds }, text) {
  if (isStaffed || !["open", "missed"].includes(status)) return "";
  if (!seconds) return text("peopleAway");
  const shown = { weekday: "long", month: "short", day: "numeric", hour: "2-digit" };
  const when = new Date(seconds * 1000).toLocaleString(text.locale, {
    ...shown,
    minute: "2-digit",
  });
  return text("peopleBack", { when });
}
