// The part "corrections": those that are kept, newest first, each taken back with one click.
import { errorMessage } from "../../models/failure.js";
import { make, toast } from "../../ui/dom.js";
import { shortTime } from "../lib/times.js";
import { pagedList } from "./paged-list.js";
import { button, fill } from "./report-parts.js";

const PAUSE_MS = 300; // after a keystroke, before the list is read

/** Returns {unmount}. */
export function mountCorrections(element, services) {
  const { api, text } = services;
  const filter = make("input", {
    type: "search",
    className: "filter",
    maxLength: 200,
    ariaLabel: text("filterCorrections"),
    placeholder: text("filterCorrections"),
  });
  const list = make("div");
  element.append(
    make("p", { className: "hint", textContent: text("correctionsHint") }),
    filter,
    list,
  );
  const read = (after = "") => api.read("corrections", { query: filter.value.trim(), after });
  const loading = fill(list, () => read(), listOf, text);
  let pause = null;
  filter.oninput = () => {
    clearTimeout(pause);
    pause = setTimeout(loading.again, PAUSE_MS);
  };

  function listOf(page) {
    if (!page.data.length) {
      const key = filter.value.trim() ? "noSuchCorrection" : "noCorrections";
      return make("p", { className: "hint", textContent: text(key) });
    }
    const item = (one) => correctionItem(one, services);
    return pagedList(page, item, read, () => loading.again(), text);
  }

  return { unmount: () => (clearTimeout(pause), loading.stop()) };
}

function correctionItem(correction, { api, text, announcer }) {
  const time = shortTime(correction.created_at, text.locale);
  const by = text("keptBy", { author: correction.author, time });
  const questions = correction.questions.map((one) => make("li", { textContent: one }));
  const takeBack = button(text("takeBack"), async () => {
    takeBack.disabled = true;
    try {
      await api.remove(`corrections/${encodeURIComponent(correction.id)}`);
      item.classList.add("gone");
      takeBack.remove();
      item.focus();
      announcer.textContent = text("correctionTakenBack");
      toast(text("correctionTakenBack"));
    } catch (error) {
      takeBack.disabled = false;
      toast(errorMessage(error, text));
    }
  });
  const item = make(
    "li",
    { className: "card", tabIndex: -1 },
    make("p", { className: "item-about" }, by),
    make(
      "dl",
      { className: "exchange" },
      make("dt", { textContent: text("askedLabel") }),
      make("dd", {}, make("ul", {}, ...questions)),
      make("dt", { textContent: text("answeredLabel") }),
      make("dd", { textContent: correction.text }),
    ),
    make("div", { className: "item-buttons" }, takeBack),
  );
  return item;
}
