// The one place where an answer becomes HTML: rendered by marked, then sanitised by DOMPurify.
import { Marked, Tokenizer } from "../../vendor/marked-18.2.1/marked.esm.js";
import "../../vendor/dompurify-3.4.18/purify.min.js";

// Text beyond it is shown plain: marked takes 0.2 s for 20,000 hostile characters, and its time
// grows with the square of the length.
const MAX_MARKDOWN = 20_000;
const { emStrong, url } = Tokenizer.prototype;

// HTML in an answer is shown as text.
const escape = (text) => text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
const markdown = new Marked({
  gfm: true,
  breaks: true,
  hooks: { emStrongMask: flanked },
  renderer: {
    html: ({ text }) => escape(text),
    image: ({ text }) => escape(text),
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
  tokenizer: {
    emStrong(source, masked) {
      if (source[0] !== "*") return false; // marked's own rules for "_"
      return opensAt(masked, masked.length - source.length)
        ? emStrong.call(this, source, masked, "")
        : undefined;
    },

    /** Only two tildes strike through: `3~5 天…7~10 天` has ranges. */
    del(source) {
      if (!/^~~[^\s~]/.test(source)) return undefined;
      const end = source.indexOf("~~", 3);
      if (end < 0 || /\s/.test(source[end - 1]) || source[end + 2] === "~") return undefined;
      const text = source.slice(2, end);
      const raw = source.slice(0, end + 2);
      return { type: "del", raw, text, tokens: this.lexer.inlineTokens(text) };
    },

    /** An address ends where Chinese text or punctuation begins. */
    url(source) {
      const link = url.call(this, source);
      const end = link ? link.raw.search(WIDE) : -1;
      return end < 0 ? link : url.call(this, source.slice(0, end));
    },
  },
});

const TAGS =
  "a b blockquote br code del em h1 h2 h3 h4 h5 h6 hr i li ol p pre strong " +
  "table tbody td th thead tr ul";
const ALLOWED = {
  ALLOWED_TAGS: TAGS.split(" "),
  ALLOWED_ATTR: ["href", "start", "align"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto|tel):/i,
  ADD_URI_SAFE_ATTR: ["start", "align"], // not URLs, so ALLOWED_URI_REGEXP must not judge them
  RETURN_DOM_FRAGMENT: true,
};

function fragmentOf(html) {
  const fragment = globalThis.DOMPurify.sanitize(html, ALLOWED);
  for (const link of fragment.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  // With a tabindex, wide tables and code can be scrolled by keyboard.
  for (const wide of fragment.querySelectorAll("pre, table")) wide.tabIndex = 0;
  for (const item of fragment.querySelectorAll("li")) {
    if (/^\s*[☑☐] /.test(item.textContent)) item.className = "task";
  }
  return fragment;
}

/** A paragraph of plain text, or null where there is none. */
function plain(text) {
  if (!text) return null;
  const properties = { className: "plain", textContent: text };
  return Object.assign(document.createElement("p"), properties);
}

/** Shows a whole answer in `element`. */
export function renderMarkdown(element, source) {
  element.replaceChildren();
  new MarkdownWriter(element).write(source, { whole: true });
}

/**
 * Shows an answer while it grows. All blocks but the last two are finished and are not parsed
 * again, so that a token costs the same at the end of a long answer as at its beginning. The whole
 * answer is rendered once more when it is complete.
 */
export class MarkdownWriter {
  #element;
  #done = 0; // characters of the source in finished blocks
  #tail = [];

  constructor(element) {
    this.#element = element;
    element.replaceChildren();
  }

  /** `text`: all of the answer so far. `whole`: nothing comes after it. */
  write(text, { whole = false } = {}) {
    const source = text.replaceAll("\r\n", "\n"); // as marked counts characters
    for (const node of this.#tail) node.remove();
    this.#tail = [];
    try {
      this.#writeBlocks(source.slice(this.#done, MAX_MARKDOWN), whole);
      this.#append(plain(source.slice(MAX_MARKDOWN)));
    } catch {
      // A thousand nested quotes overflow the stack.
      this.#append(plain(source.slice(this.#done)));
    }
  }

  #writeBlocks(source, whole) {
    const blocks = markdown.lexer(source);
    const open = whole ? blocks.length : Math.max(0, blocks.length - 2);
    if (open) {
      this.#element.append(fragmentOf(markdown.parser(blocks.slice(0, open))));
      this.#done += blocks.slice(0, open).reduce((length, block) => length + block.raw.length, 0);
    }
    if (open < blocks.length) this.#append(fragmentOf(markdown.parser(blocks.slice(open))));
  }

  /** Appends what the next write draws again. */
  #append(node) {
    if (!node) return;
    this.#tail.push(...(node.nodeType === Node.DOCUMENT_FRAGMENT_NODE ? node.childNodes : [node]));
    this.#element.append(node);
  }
}

// Where emphasis begins and ends: CommonMark 0.31 (6.2) with markdown-cjk-friendly's amendments,
// since Chinese has no spaces between words; `*` between numbers or names means multiplication.

// Han, kana, hangul and their punctuation; the quotes, dashes and ellipsis that Chinese shares with
// other scripts; emoji.
const WIDE = new RegExp(
  String.raw`[\u1100-\u11ff\u2014\u2018-\u201d\u2026\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff` +
    String.raw`\ufe30-\ufe4f\uff00-\uffef\ud800-\udfff]`,
);
const SPACE = /\s/;
const PUNCTUATION = /[\p{P}\p{S}]/u;
const FACTOR_BEFORE = /[\p{L}\p{N})）]/u;
const FACTOR_AFTER = /[\p{L}\p{N}(（]/u;
const DIGIT = /\d/;
const [LETTER, SPACE_MARK] = ["a", " "]; // what marked takes for a letter and for a space

const isSpace = (one) => one === undefined || SPACE.test(one);
const isPunctuation = (one) => one !== undefined && !WIDE.test(one) && PUNCTUATION.test(one);
const allows = (one) => isSpace(one) || isPunctuation(one) || WIDE.test(one);

function isProduct(length, before, after) {
  if (before === undefined || after === undefined) return false;
  return length === 1
    ? FACTOR_BEFORE.test(before) && FACTOR_AFTER.test(after)
    : length === 2 && DIGIT.test(before) && DIGIT.test(after);
}

/**
 * The text in which marked looks for the ends of emphasis, of the same length. Beside each run of
 * `*` stands a letter where the run may begin or end emphasis, a space where it may not. A sign of
 * multiplication becomes a letter.
 */
function flanked(masked) {
  if (!masked.includes("*")) return masked;
  const characters = masked.split("");
  for (let start = masked.indexOf("*"); start >= 0;) {
    let end = start + 1;
    while (masked[end] === "*") end += 1;
    const [before, after] = [masked[start - 1], masked[end]];
    if (isProduct(end - start, before, after)) characters.fill(LETTER, start, end);
    else {
      const opens = !isSpace(after) && (!isPunctuation(after) || allows(before));
      const closes = !isSpace(before) && (!isPunctuation(before) || allows(after));
      if (before !== undefined) characters[start - 1] = closes ? LETTER : SPACE_MARK;
      if (after !== undefined) characters[end] = opens ? LETTER : SPACE_MARK;
    }
    start = masked.indexOf("*", end);
  }
  return characters.join("");
}

/** Whether the run of `*` at this place of a text from `flanked` may begin emphasis. */
function opensAt(flankedText, at) {
  let end = at;
  while (flankedText[end] === "*") end += 1;
  return end > at && !isSpace(flankedText[end]);
}
