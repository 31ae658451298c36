// The one place where an answer becomes HTML: rendered by marked, then sanitised by DOMPurify.
import { Marked } from "../../vendor/marked-18.2.1/marked.esm.js";

// HTML inside an answer is text that somebody wrote, and is shown as such.
const escape = (text) => text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
const markdown = new Marked({ gfm: true, breaks: true, renderer: { html: ({ text }) => escape(text), image: ({ text }) => escape(text) } });

const ALLOWED = {
  ALLOWED_TAGS: ["a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"],
  ALLOWED_ATTR: ["href", "start"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto|tel):/i,
  RETURN_DOM_FRAGMENT: true,
};

export function renderMarkdown(element, source) {
  const fragment = globalThis.DOMPurify.sanitize(markdown.parse(source), ALLOWED);
  for (const link of fragment.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  element.replaceChildren(fragment);
}
