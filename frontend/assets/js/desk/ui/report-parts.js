// What the views Quality, Figures and System are put together from.
import { errorMessage } from "../../models/failure.js";
import { make } from "../../ui/dom.js";
import { hashOf } from "../lib/routes.js";

/** The view's heading, with what stands at its right. */
export function viewHead(words, ...beside) {
  const head = make("header", { className: "report-head" }, make("h1", { textContent: words }));
  head.append(make("span", { className: "spring" }), ...beside);
  return head;
}

/** Links to the parts of a view. `parts`: [{name, words, count}]; the first one is the default. */
export function partLinks(label, view, parts, current) {
  const links = parts.map(({ name, words, count }, place) => {
    const link = make("a", { href: hashOf(view, place ? [name] : []), textContent: words });
    if (count !== undefined) {
      link.append(make("span", { className: "part-count", textContent: count }));
    }
    if (name === current) link.setAttribute("aria-current", "page");
    return link;
  });
  const nav = make("nav", { className: "parts", ariaLabel: label }, ...links);
  const shown = { block: "nearest", inline: "nearest" };
  // Narrow screens scroll the links sideways. It is in the page by the next frame.
  requestAnimationFrame(() => nav.querySelector("[aria-current]")?.scrollIntoView(shown));
  return nav;
}

/** A titled box. `beside`: what stands at the right of its title. */
export function section(words, beside, ...children) {
  const title = make("h2", { textContent: words });
  const head = make("div", { className: "card-head" }, title);
  if (beside) head.append(make("span", { className: "spring" }), beside);
  return make("section", { className: "card" }, head, ...children);
}

/**
 * A table that can be scrolled sideways. `columns`: [{words, number}], `words` is a text or an
 * element, `number` aligns right.
 * `rows`: arrays of texts and elements.
 */
export function table(caption, columns, rows) {
  const head = columns.map(({ words, number }) =>
    make("th", { scope: "col", className: number ? "number" : "" }, words),
  );
  const body = rows.map((row) => {
    const cells = row.map((value, place) => {
      const tag = place ? "td" : "th";
      const cell = make(tag, { className: columns[place].number ? "number" : "" }, value);
      if (!place) cell.scope = "row";
      return cell;
    });
    return make("tr", {}, ...cells);
  });
  const element = make(
    "table",
    {},
    make("caption", { className: "visually-hidden", textContent: caption }),
    make("thead", {}, make("tr", {}, ...head)),
    make("tbody", {}, ...body),
  );
  return make(
    "div",
    { className: "table", tabIndex: 0, role: "region", ariaLabel: caption },
    element,
  );
}

/**
 * What is wrong with files. `problems`: [{path, line, code, reason}]. `reason` is the gateway's own
 * sentence, in English: other languages say the `code` and add it as it is.
 */
export function problemsOf(problems, text) {
  if (!problems.length) return make("p", { className: "hint", textContent: text("noProblems") });
  const rows = problems.map(({ path, line, code, reason }) => [
    line ? `${path}:${line}` : path,
    told(`problem_${code}`, reason, text),
  ]);
  const columns = [{ words: text("problemPlace") }, { words: text("problemReason") }];
  const words = text("problemsFound", { count: problems.length });
  return make(
    "div",
    { className: "problems" },
    make("h3", { textContent: words }),
    table(words, columns, rows),
  );
}

/** The words of `key`, and in another language than English the gateway's own ones behind them. */
export function told(key, reason, text, values = {}) {
  if (text.locale === "en" || !reason) return reason;
  const original = make("span", { className: "original", lang: "en", textContent: reason });
  return make("span", {}, text(key, values), original);
}

/** A state with a dot before it. `kind`: good, bad or wait. */
export function mark(kind, words) {
  return make("span", { className: `mark ${kind}`, textContent: words });
}

export function button(words, onclick, className = "quiet") {
  return make("button", { type: "button", className, textContent: words, onclick });
}

/** A failure with a button that tries again. */
export function failure(error, text, again) {
  const words = make("p", { textContent: errorMessage(error, text) });
  const retry = button(text("retry"), again, "retry");
  return make("div", { className: "failure", role: "alert" }, words, retry);
}

/**
 * Fills `element` with what `show(data)` returns for the data that `read()` resolves to. Returns
 * {again, renew, stop}: both read once more and keep what is shown until then; where `renew` fails
 * it stays. After `stop`, or when a later reading has begun, nothing that comes is shown.
 */
export function fill(element, read, show, text) {
  let newest = 0;

  async function load(onFailure) {
    const mine = (newest += 1);
    element.ariaBusy = "true";
    try {
      const data = await read();
      if (mine === newest) element.replaceChildren(...[show(data)].flat());
    } catch (error) {
      if (mine === newest) onFailure(error);
    }
    if (mine === newest) element.ariaBusy = "false";
  }

  function again() {
    if (!element.hasChildNodes()) {
      element.append(make("p", { className: "hint", textContent: text("loadingView") }));
    }
    return load((error) => element.replaceChildren(failure(error, text, again)));
  }

  again();
  return { again, renew: () => load(() => {}), stop: () => (newest += 1) };
}
