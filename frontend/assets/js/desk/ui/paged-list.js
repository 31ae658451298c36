// A list that the gateway tells in pages, newest first: a button behind it brings the next page.
import { make } from "../../ui/dom.js";
import { button, failure } from "./report-parts.js";

/**
 * Elements of a list that begins with `page`: {data, has_more}. `item(one)` makes a row, `read(id)`
 * resolves to the page behind the row of that id, `again` starts over after a failure.
 */
export function pagedList(page, item, read, again, text) {
  const list = make("ol", { className: "worklist" });
  const older = button(text("olderAnswers"), more);
  let last = "";

  function add({ data, has_more: hasMore }) {
    list.append(...data.map(item));
    last = data.at(-1)?.id ?? last;
    older.hidden = !hasMore;
  }

  async function more() {
    older.disabled = true;
    try {
      add(await read(last));
      list.classList.add("has-more-pages"); // news do not close them again (follow-live.js)
    } catch (error) {
      older.replaceWith(failure(error, text, again));
    }
    older.disabled = false;
  }

  add(page);
  return [list, older];
}
