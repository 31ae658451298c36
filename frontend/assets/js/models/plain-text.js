// An answer as plain text, for systems that show Markdown marks as they are typed.

// What an answer says about its sources, in the words of lite (inference/lite/answering/phrases.py)
// and of the prompt. A customer is not sent it.
const BASIS = /^(?:依据：|Basis: ).*$/;
const IN_FULL = /^(?:原文（.*）：|In full \(.*\):)$/;
const SEE_ALSO = /^(?:另可参考：|See also:)(?:\n|$)/;
const REFERENCES = / ?[（(](?:《[^《》]+》|“[^“”]+”)[^（）()\n]*[）)]| ?[[【［]\d{1,2}[\]】］]/g;
const FENCE = /^ {0,3}(?:`{3,}|~{3,})/;
const RULE = /^ {0,3}(?:[-*_] ?){3,}$/;
const TABLE_RULE = /^\|?(?: *:?-+:? *\|)+(?: *:?-+:?)?$/; // of a trimmed line
const MAX_LINE = 10_000; // characters: pairs of marks are looked for in quadratic time

/** The text for colleagues: no Markdown marks, sources kept. */
export function plainText(markdown) {
  let isCode = false;
  const lines = markdown.split("\n").flatMap((line) => {
    if (FENCE.test(line)) {
      isCode = !isCode;
      return [];
    }
    if (isCode) return [line];
    return RULE.test(line) || TABLE_RULE.test(line.trim()) ? [] : [plainLine(line)];
  });
  return lines
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** The text for a customer: plain, and without the clauses that it rests on. */
export function replyText(markdown) {
  const blocks = markdown.split(/\n{2,}/);
  const kept = blocks.filter((block, index) => {
    const isQuoted = block.startsWith(">") && IN_FULL.test(blocks[index - 1] ?? "");
    return !isQuoted && ![BASIS, IN_FULL, SEE_ALSO].some((frame) => frame.test(block));
  });
  return plainText(kept.join("\n\n").replace(REFERENCES, ""));
}

function plainLine(line) {
  const text = line
    .replace(/^\s{0,3}(?:>\s?)+/, "")
    .replace(/^ {0,3}#{1,6}\s+/, "")
    .replace(/^(\s*)[-*+]\s+(?:\[[ xX]\]\s+)?/, "$1• ");
  return text.startsWith("|") ? cells(text) : inline(text);
}

/** A table's row with a tab between its cells, as spreadsheets and e-mail take it. */
function cells(row) {
  const values = row.replace(/^\||\|\s*$/g, "").split("|");
  return values.map((value) => inline(value.trim())).join("\t");
}

/** A line beyond MAX_LINE keeps its marks. */
function inline(text) {
  if (text.length > MAX_LINE) return text;
  return text
    .replace(/!?\[([^[\]]*)\]\(<?([^()\s<>]*)>?(?:\s+"[^"]*")?\)/g, linkText)
    .replace(/(\*\*\*|\*\*|~~)(?=\S)(.*?\S)\1/g, "$2")
    .replace(/(^|[^\w*])([*_])(?=\S)([^*_\n]*?\S)\2(?![\w*])/g, "$1$3")
    .replace(/`([^`]+)`/g, "$1")
    .replace(/\\([\\`*_{}[\]()#+.!~|>-])/g, "$1");
}

/** A link's text with its address behind it, unless the text is the address. */
function linkText(_, text, address) {
  const isSame = address.replace(/^mailto:/, "") === text;
  return !address || isSame ? text : `${text} (${address})`;
}
