// What an answer asked the company's systems, and what it proposed to change there.
import { addTexts } from "../lib/texts.js";
import { actionTexts } from "../lib/texts/actions.js";
import { Actions } from "../state/actions.js";
import { mountLookups } from "./lookups.js";
import { mountProposals, showAction } from "./proposals.js";

const begun = new WeakMap(); // Actions, by session

/** Shows the reads and writes of `turn` in its article. `services`: as in `dressAnswer`. */
export function mountWork(article, turn, services) {
  const actions = begun.get(services.session) ?? begin(services);
  mountLookups(article.querySelector(".lookups"), turn, services);
  mountProposals(article.querySelector(".proposals"), turn, { ...services, actions });
}

function begin({ session, api }) {
  addTexts(actionTexts);
  const actions = new Actions(session, api);
  const look = () => actions.look(document.visibilityState === "visible");
  document.addEventListener("visibilitychange", look);
  look();
  session.addEventListener("action", ({ detail }) => showAction(detail.action));
  begun.set(session, actions);
  return actions;
}
