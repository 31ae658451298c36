// What a search of the clauses by hand has found, as texts and shares.

const SEARCHED = new Set(["question", "anger"]); // intents for which clauses are searched

/** The texts above the results: [key, values] pairs for `text`. */
export function searchNotes({ intent, by, searched, threshold, verdict, data }) {
  if (!SEARCHED.has(intent)) return [[`intent_${intent}`, {}]];
  const count = data.filter((one) => one.cited).length;
  return [
    [`verdict_${verdict}`, { count }],
    [`by_${by}`, { searched, threshold: percent(threshold) }],
  ];
}

/** Scores of a clause: [{key, share}], `share` 0 to 1; none where it was found exactly. */
export function scoresOf({ score, meaning, words }) {
  const found = [
    { key: "score", share: score },
    { key: "meaningScore", share: meaning },
    { key: "wordsScore", share: words },
  ];
  // Without meaning the score is the share of words itself.
  const isByWords = meaning === null && score === words;
  return found
    .filter(({ share, key }) => Number.isFinite(share) && !(isByWords && key === "score"))
    .map(({ key, share }) => ({ key, share: Math.min(1, Math.max(0, share)) }));
}

const isChinese = (text) => /[\u3400-\u9fff]/.test(text);

/** The clauses that fit a question well enough to be sent, those in its language before others. */
export function readyClauses({ threshold, data }, query) {
  const fits = data.filter(({ cited, score }) => cited || score >= threshold);
  const wanted = isChinese(query) ? "zh" : "en";
  const isOther = ({ locale }) => Boolean(locale) && !locale.startsWith(wanted);
  const own = fits.filter((one) => !isOther(one));
  return own.length ? own : fits;
}

export function percent(share) {
  return `${Math.round(100 * share)}%`;
}

const PLACE = /^(line|page|row|sheet|paragraph) (.+)$/;

/** Where a clause stands in its file, in words: "sheet A, row 3" is two places. */
export function placeText(place, text) {
  const parts = place.split(", ").map((part) => {
    const [, kind, n] = PLACE.exec(part) ?? [];
    return kind ? text(`place_${kind}`, { n }) : part;
  });
  return parts.join(text("listComma"));
}
