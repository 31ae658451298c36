// The part "gaps": questions without a clause, grouped by meaning.
import { loaded, make } from "../../ui/dom.js";
import { shortTime } from "../lib/times.js";
import { draftOfGroup, isGap } from "../models/quality.js";
import { correctable } from "./correction-editor.js";
import { followLive } from "./follow-live.js";
import { button, fill, mark } from "./report-parts.js";

const GAP_MS = 10_000; // the figures of 30 days are read

/** Returns {unmount}. */
export function mountGroups(element, services) {
  const { api, text } = services;
  const read = async () => (await api.read("stats")).without_clause;
  const loading = fill(element, read, (without) => groupsOf(without, services), text);
  const following = followLive(services, element, loading.renew, { isNews: isGap, gap: GAP_MS });
  return { unmount: () => (loading.stop(), following.stop()) };
}

function groupsOf(without, services) {
  const { text } = services;
  if (!without.groups.length) return make("p", { className: "hint", textContent: text("noGaps") });
  const partial = without.is_partial ? ` ${text("gapsPartial")}` : "";
  const hint = make("p", { className: "hint", textContent: text("gapsHint") + partial });
  const groups = without.groups.map((group) => groupItem(group, services));
  return [hint, make("ol", { className: "worklist" }, ...groups)];
}

function groupItem(group, services) {
  const { text } = services;
  const count = text("groupCount", { count: group.questions });
  const newest = text("groupNewest", { time: shortTime(group.newest_at, text.locale) });
  const about = make(
    "p",
    { className: "item-about" },
    make("strong", { textContent: count }),
    newest,
  );
  if (group.corrections.length) about.append(mark("good", text("covered")));
  const item = make(
    "li",
    { className: "card" },
    make("h2", { textContent: group.question || text("noQuestion") }),
    about,
    ...examplesOf(group, text),
  );
  item.append(correctable(item, draftOfGroup(group), text("writeClause"), services, opener()));

  function opener() {
    return button(text("openConversation"), async () => {
      const { openConversation } = await loaded(import("./conversation-dialog.js"));
      openConversation(group.conversations[0], services);
    });
  }

  return item;
}

function examplesOf({ question, examples }, text) {
  const others = examples.filter((one) => one !== question);
  if (!others.length) return [];
  const list = make("ul", {}, ...others.map((one) => make("li", { textContent: one })));
  const summary = make("summary", { textContent: text("showExamples") });
  return [make("details", { className: "examples" }, summary, list)];
}
