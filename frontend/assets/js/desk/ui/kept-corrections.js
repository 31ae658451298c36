// The part "corrections": those that are kept, each taken back with one click.
import { errorMessage } from "../../models/failure.js";
import { make, toast } from "../../ui/dom.js";
import { shortTime } from "../lib/times.js";
import { matching } from "../models/quality.js";
import { button, fill } from "./report-parts.js";

/** Returns {unmount}. */
export function mountCorrections(element, services) {
  const { api, text } = services;
  const loading = fill(
    element,
    () => api.read("corrections"),
    ({ data }) => listOf(data, services),
    text,
  );
  return { unmount: loading.stop };
}

function listOf(corrections, services) {
  const { text } = services;
  if (!corrections.length) {
    return make("p", { className: "hint", textContent: text("noCorrections") });
  }
  const filter = make("input", { type: "search", ariaLabel: text("filterCorrections") });
  filter.placeholder = text("filterCorrections");
  const list = make("ol", { className: "worklist" });
  const items = new Map(corrections.map((one) => [one, correctionItem(one, services)]));
  filter.oninput = () => show();

  function show() {
    list.replaceChildren(...matching(corrections, filter.value).map((one) => items.get(one)));
  }

  show();
  const hint = make("p", { className: "hint", textContent: text("correctionsHint") });
  return [hint, filter, list];
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
      announcer.textContent = text("correctionTakenBack");
      toast(text("correctionTakenBack"));
    } catch (error) {
      takeBack.disabled = false;
      toast(errorMessage(error, text));
    }
  });
  const item = make(
    "li",
    { className: "card" },
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
