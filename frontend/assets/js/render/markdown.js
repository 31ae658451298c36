// The one place where an answer becomes HTML: rendered by marked, then sanitised by DOMPurify.
import { Marked } from "../../vendor/marked-18.2.1/marked.esm.js";
import "../../vendor/dompurify-3.4.18/purify.min.js";

// HTML inside an answer is text that somebody wrote, and is shown as such.
const escape = (text) => text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
const markdown = new Marked({ gfm: true, breaks: true, renderer: { html: ({ text }) => escape(text), image: ({ text }) => escape(text) } });

const ALLOWED = {
  ALLOWED_TAGS: ["a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"],
  ALLOWED_ATTR: ["href", "start"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto|tel):/i,
  RETURN_DOM_FRAGMENT: true,
};

function fragmentOf(html) {
  const fragment = globalThis.DOMPurify.sanitize(html, ALLOWED);
  for (const link of fragment.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  // A wide table or a long line of code is scrolled by keyboard, too.
  for (const wide of fragment.querySelectorAll("pre, table")) wide.tabIndex = 0;
  return fragment;
}

export function renderMarkdown(element, source) {
  element.replaceChildren(fragmentOf(markdown.parse(source)));
}

/**
 * An answer while it grows. Blocks before the last two are finished, and neither read nor drawn again: a token costs the
 * same at the end of a long answer as at its beginning. The whole is rendered once more when the answer is complete.
 */
export class MarkdownWriter {
  #element;
  #done = 0; // characters of the source in finished blocks
  #tail = [];

  constructor(element) {
    this.#element = element;
    element.replaceChildren();
  }

  write(text) {
    const source = text.replaceAll("\r\n", "\n"); // as the lexer reads it, so that lengths agree
    for (const node of this.#tail) node.remove();
    const blocks = markdown.lexer(source.slice(this.#done));
    const open = Math.max(0, blocks.length - 2);
    this.#append(blocks.slice(0, open));
    this.#done += blocks.slice(0, open).reduce((length, block) => length + block.raw.length, 0);
    this.#tail = this.#append(blocks.slice(open));
  }

  #append(blocks) {
    if (!blocks.length) return [];
    const fragment = fragmentOf(markdown.parser(blocks));
    const nodes = [...fragment.childNodes];
    this.#element.append(fragment);
    return nodes;
  }
}
