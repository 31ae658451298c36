// The composition root of the staff's page: it builds every part and hands each what it needs.
import { addTexts, chooseLocale, translator } from "../lib/texts.js";
import { errorMessage } from "../models/failure.js";
import { remembered } from "../ui/app-shell.js";
import { make, toast } from "../ui/dom.js";
import { ActionRoutes } from "./api/actions.js";
import { DeskClient } from "./api/desk-client.js";
import { HandoffRoutes } from "./api/handoffs.js";
import { shellTexts } from "./lib/texts/shell.js";
import { Approvals } from "./state/approvals.js";
import { Counts } from "./state/counts.js";
import { Inbox } from "./state/inbox.js";
import { Live } from "./state/live.js";
import { ReplyDrafts } from "./state/reply-drafts.js";
import { mountShell } from "./ui/shell.js";

const VIEWS = {
  inbox: () => import("./ui/inbox.js"),
  approvals: () => import("./ui/approvals.js"),
  quality: () => import("./ui/quality.js"),
  figures: () => import("./ui/figures.js"),
  system: () => import("./ui/system.js"),
};

const keptTheme = remembered("theme");
if (["light", "dark"].includes(keptTheme)) document.documentElement.dataset.theme = keptTheme;
addTexts(shellTexts);
const languages = navigator.languages ?? [navigator.language];
const text = translator(chooseLocale([remembered("locale"), ...languages]));
const api = new DeskClient();

start();

async function start() {
  try {
    const [config, me] = await Promise.all([api.config(), api.read("me")]);
    begin(config, me);
  } catch (error) {
    showStartFailure(error);
  }
}

function begin(config, me) {
  const live = new Live(api);
  const counts = new Counts();
  const handoffs = new HandoffRoutes(api);
  const actions = new ActionRoutes(api);
  mountShell(VIEWS, {
    api,
    text,
    live,
    me,
    counts,
    config,
    handoffs,
    actions,
    approvals: new Approvals(actions, live, counts),
    inbox: new Inbox(handoffs, live, me.name, counts),
    drafts: new ReplyDrafts(tabStorage()),
    announcer: document.getElementById("announcer"),
  });
  addEventListener("unhandledrejection", showLoadFailure);
  addEventListener("pagehide", () => live.stop());
  addEventListener("pageshow", (event) => event.persisted && location.reload());
  live.start();
}

/** Dialogs and other parts are loaded at their first use, which fails without a network. */
function showLoadFailure(event) {
  if (event.reason?.code !== "network") return;
  event.preventDefault();
  toast(text("error_network"));
}

function showStartFailure(error) {
  document.documentElement.lang = text.locale;
  const properties = { type: "button", className: "retry", textContent: text("retry") };
  const retry = make("button", { ...properties, onclick: () => location.reload() });
  const reason = make("p", { textContent: errorMessage(error, text) });
  document
    .getElementById("view")
    .replaceChildren(make("div", { className: "failure", role: "alert" }, reason, retry));
}

/** Browsers that deny storage throw at the first touch: then nothing is kept. */
function tabStorage() {
  try {
    return globalThis.sessionStorage;
  } catch {
    return null; // its users take any failure for an empty storage
  }
}
