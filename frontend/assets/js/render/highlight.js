// A text with the words of a question marked: text only, no HTML.
const COMMON_WORDS = new Set(
  (
    "and are can did does for from get has have how its may not now that the then there this was " +
    "what when where which who why will with you your"
  ).split(" "),
);
const MAX_QUESTION = 1000; // characters; each word is looked for in the whole text

/** The words to look for: Latin words of 3 letters or more, and pairs of Chinese characters. */
export function searchTerms(question) {
  const asked = question.slice(0, MAX_QUESTION);
  const isRare = (word) => !COMMON_WORDS.has(word.toLowerCase());
  const latin = (asked.match(/[A-Za-z0-9_-]{3,}/g) ?? []).filter(isRare);
  const pairs = [...asked.matchAll(/(?=([\u3400-\u9fff]{2}))/g)].map((match) => match[1]);
  return [...new Set([...latin, ...pairs])];
}

/** Shows `text` in `element`, with <mark> around each of the words. */
export function highlight(element, text, words) {
  element.textContent = text;
  if (!words.length) return;
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  // Splitting by a group puts the matches at the odd places.
  const pieces = text.split(new RegExp(`(${escaped.join("|")})`, "i"));
  element.replaceChildren(...pieces.map((piece, place) => (place % 2 ? marked(piece) : piece)));
}

function marked(word) {
  const mark = document.createElement("mark");
  mark.textContent = word;
  return mark;
}
