// The parts "down" and "ungrounded": answers that were bad, newest first.
import { loaded, make } from "../../ui/dom.js";
import { shortTime } from "../lib/times.js";
import { draftOfAnswer, judges } from "../models/quality.js";
import { correctable } from "./correction-editor.js";
import { followLive } from "./follow-live.js";
import { pagedList } from "./paged-list.js";
import { button, fill, mark } from "./report-parts.js";

const GAP_MS = 5000;
const NONE = { down: "noDown", ungrounded: "noUngrounded" };

/** `filter`: down or ungrounded. Returns {unmount}. */
export function mountAnswers(element, services, filter) {
  const { api, text } = services;
  const read = (before = "") => api.read("answers", { filter, before });
  const loading = fill(
    element,
    () => read(),
    (page) => listOf(page),
    text,
  );
  const options = { isNews: judges(filter), gap: GAP_MS };
  const following = followLive(services, element, loading.renew, options);

  function listOf(page) {
    if (!page.data.length) {
      return make("p", { className: "hint", textContent: text(NONE[filter]) });
    }
    const item = (answer) => answerItem(answer, services);
    return pagedList(page, item, read, () => loading.again(), text);
  }

  return { unmount: () => (loading.stop(), following.stop()) };
}

function answerItem(answer, services) {
  const { text } = services;
  const about = make(
    "p",
    { className: "item-about" },
    make("time", { textContent: shortTime(answer.created_at, text.locale) }),
    mark("bad", verdictOf(answer, text)),
  );
  if (answer.corrections.length) about.append(mark("good", text("covered")));
  const item = make(
    "li",
    { className: "card" },
    about,
    make(
      "dl",
      { className: "exchange" },
      make("dt", { textContent: text("askedLabel") }),
      make("dd", { textContent: answer.question || text("noQuestion") }),
      make("dt", { textContent: text("answeredLabel") }),
      make("dd", { textContent: answer.text }),
    ),
  );
  const open = button(text("openConversation"), async () => {
    const { openConversation } = await loaded(import("./conversation-dialog.js"));
    openConversation(answer.conversation_id, services);
  });
  const words = text("correctAnswer");
  item.append(correctable(item, draftOfAnswer(answer), words, services, open));
  return item;
}

function verdictOf({ rating, reason, unsupported }, text) {
  const told = [];
  if (rating === "down") told.push(reason ? text("ratedReason", { reason }) : text("ratedDown"));
  if (unsupported.length) {
    told.push(text("unsupportedClaims", { claims: unsupported.join(text("listComma")) }));
  }
  return told.join(" · ");
}
