// A clause's text with the words of the question marked; text only, no HTML.
const COMMON = new Set("and are can did does for from get has have how its may not now that the then there this was what when where which who why will with you your".split(" "));

const MOST_CHARACTERS = 1000; // of a question: each word is looked for in all of a clause

export function wordsOf(asked) {
  const question = asked.slice(0, MOST_CHARACTERS);
  const latin = (question.match(/[A-Za-z0-9_-]{3,}/g) ?? []).filter((word) => !COMMON.has(word.toLowerCase()));
  const pairs = [...question.matchAll(/(?=([\u3400-\u9fff]{2}))/g)].map((match) => match[1]);
  return [...new Set([...latin, ...pairs])];
}

export function markWords(element, text, words) {
  element.replaceChildren();
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (!escaped.length) return void (element.textContent = text);
  for (const piece of text.split(new RegExp(`(${escaped.join("|")})`, "i"))) {
    if (words.some((word) => word.toLowerCase() === piece.toLowerCase())) {
      const mark = document.createElement("mark");
      mark.textContent = piece;
      element.append(mark);
    } else if (piece) element.append(piece);
  }
}
