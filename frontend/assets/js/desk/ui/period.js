// The period that figures are of: chosen by dates or by a number of days, and exported.
import { make, toast } from "../../ui/dom.js";
import { hashOf } from "../lib/routes.js";
import { PRESETS, lastDays } from "../models/figures.js";

/** A change goes into the address; the view follows it. */
export function periodForm(period, text) {
  const input = (name) =>
    make("input", { type: "date", name, value: period[name], required: true });
  const from = input("from");
  const to = input("to");
  const form = make(
    "form",
    { className: "period", ariaLabel: text("period") },
    ...PRESETS.map((days) => preset(days, period, text)),
    make("label", {}, make("span", { textContent: text("periodFrom") }), from),
    make("label", {}, make("span", { textContent: text("periodTo") }), to),
    make("button", { className: "quiet", textContent: text("applyPeriod") }),
  );
  form.onsubmit = (event) => {
    event.preventDefault();
    if (from.value > to.value) toast(text("wrongPeriod"));
    else location.hash = hashOf("figures", [], { from: from.value, to: to.value });
  };
  return form;
}

function preset(days, period, text) {
  const wanted = lastDays(days);
  const link = make("a", {
    className: "chip",
    href: hashOf("figures", [], wanted),
    textContent: text("lastDays", { days }),
  });
  const isCurrent = wanted.from === period.from && wanted.to === period.to;
  if (isCurrent) link.setAttribute("aria-current", "true");
  return link;
}

const NAMES = {
  jsonl: "exportJsonl",
  csv: "exportCsv",
  openai: "exportOpenai",
  sharegpt: "exportSharegpt",
};

const TRAINING = new Set(["openai", "sharegpt"]);
const TRIES = 5; // at the card, of which a person may read one at a time
const PAUSE_MS = 1500;

/**
 * Links that download. `exports`: [{format, path}]. `readCard()` resolves to what the training
 * data holds: without an example its links lead nowhere.
 */
export function exportLinks(exports, readCard, text) {
  const links = exports.map(({ format, path }) =>
    make("a", {
      className: "quiet export",
      href: path,
      download: "",
      textContent: text(NAMES[format]),
    }),
  );
  const hint = make("p", { className: "hint", textContent: text("exportHint") });
  const training = make("p", { className: "hint", textContent: text("trainingHint") });
  const box = make("div", { className: "exports" }, hint, ...links, training);
  read(TRIES);

  /** The links work without the card. A period that was left may still be being counted. */
  function read(tries) {
    readCard().then(showCard, ({ code }) => {
      if (code !== "rate_limit_exceeded" || tries <= 1 || !box.isConnected) return;
      setTimeout(() => read(tries - 1), PAUSE_MS);
    });
  }

  function showCard({ examples, rated_up: up, corrected }) {
    training.append(" ", text("trainingCount", { examples, up, corrected }));
    if (examples) return;
    links
      .filter((link, place) => TRAINING.has(exports[place].format))
      .forEach((link) => {
        link.removeAttribute("href");
        link.role = "link";
        link.ariaDisabled = "true";
      });
  }

  return box;
}
