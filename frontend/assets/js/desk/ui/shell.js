// The frame around the views: links with counts, language, theme, the company's looks, whether the
// page is live, and which view is shown.
import { errorMessage } from "../../models/failure.js";
import {
  labelPage,
  showBrand,
  showSignOut,
  switchLocale,
  switchTheme,
} from "../../ui/app-shell.js";
import { loaded, make } from "../../ui/dom.js";
import { VIEWS, hashOf, parseRoute } from "../lib/routes.js";

const MARKED_ICON = new URL("../../../img/icon-waiting.svg", import.meta.url).pathname;

/**
 * `views`: {name: () => import of its module}. `services`, which each view gets: {api, text, live,
 * me, counts, config, announcer}.
 */
export function mountShell(views, services) {
  const { text, config, me } = services;
  showBrand(config.assistant);
  document.getElementById("locale").onclick = () => switchLocale(text);
  document.getElementById("theme").onclick = switchTheme;
  showSignOut(me.sign_out, services);
  mountSkip();
  mountLinks(services);
  mountConnection(services);
  const router = mountRouter(views, services);
  const who = document.getElementById("who");

  function label() {
    labelPage(text);
    const { assistant } = config;
    document.getElementById("brand").textContent = assistant.is_own
      ? text.of(assistant.name)
      : "SightDesk";
    who.textContent = me.name;
    who.title = me.name && text("signedInAs", { name: me.name });
  }

  text.follow(() => {
    label();
    router.redraw();
  });
  label();
  router.follow();
}

/** By script: as a fragment of the address it would be a route. */
function mountSkip() {
  document.querySelector(".skip").onclick = (event) => {
    event.preventDefault();
    document.getElementById("view").focus();
  };
}

/** The links' counts, and the same in the tab's title and icon. */
function mountLinks({ text, counts, config }) {
  const icon = document.querySelector("link[rel=icon]");
  const plainIcon = icon.href;

  function show() {
    for (const link of document.querySelectorAll("[data-view]")) {
      const count = counts.of(link.dataset.view);
      const words = count ? text("waitingCount", { count }) : "";
      link.querySelector(".count").textContent = count || "";
      link.querySelector(".count-words").textContent = words;
    }
    const { view } = parseRoute(location.hash);
    const { assistant } = config;
    const company = assistant.is_own ? text.of(assistant.name) : "SightDesk";
    const mark = counts.total ? `(${counts.total}) ` : "";
    document.title = `${mark}${text(`view_${view}`)} · ${company}`;
    icon.href = counts.total ? MARKED_ICON : plainIcon;
  }

  counts.addEventListener("changed", show);
  addEventListener("hashchange", show);
  text.follow(show);
  show();
}

function mountConnection({ text, live }) {
  const banner = document.getElementById("banner");
  const mark = document.getElementById("live");
  let wasOn = false;

  function show() {
    wasOn ||= live.isOn;
    const isOn = live.isOn && navigator.onLine;
    mark.dataset.state = isOn ? "on" : "off";
    mark.textContent = text(isOn ? "live_on" : "live_off");
    const words = navigator.onLine ? text("deskReconnecting") : text("deskOffline");
    banner.hidden = isOn || (navigator.onLine && !wasOn);
    if (banner.textContent !== words) banner.textContent = words;
  }

  live.addEventListener("changed", show);
  for (const type of ["online", "offline"]) addEventListener(type, show);
  text.follow(show);
  show();
}

/** Returns {follow, redraw}. A view is mounted once; a change behind its name updates it. */
function mountRouter(views, services) {
  const { text } = services;
  const element = document.getElementById("view");
  let shown = null; // {view, mounted}

  async function show(route) {
    for (const link of document.querySelectorAll("[data-view]")) {
      if (link.dataset.view === route.view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (shown?.view === route.view) return shown.mounted?.update(route);
    shown?.mounted?.unmount();
    const opening = { view: route.view, mounted: null };
    shown = opening;
    element.replaceChildren(make("p", { className: "hint", textContent: text("loadingView") }));
    try {
      const { mount } = await loaded(views[route.view]());
      if (shown !== opening) return null;
      element.dataset.shown = route.view;
      opening.mounted = mount(element, services, parseRoute(location.hash));
    } catch (error) {
      if (shown === opening) showFailure(error);
    }
    return null;
  }

  function showFailure(error) {
    shown = null;
    const reason = errorMessage(error, text);
    const words = make("p", { textContent: text("viewFailed", { reason }) });
    const again = {
      type: "button",
      className: "retry",
      textContent: text("retry"),
      onclick: follow,
    };
    element.replaceChildren(
      make("div", { className: "failure", role: "alert" }, words, make("button", again)),
    );
  }

  const follow = () => show(parseRoute(location.hash));

  function redraw() {
    shown?.mounted?.unmount();
    shown = null;
    follow();
  }

  addEventListener("hashchange", follow);
  addEventListener("keydown", (event) => {
    const number = event.altKey && !event.ctrlKey && /^Digit([1-9])$/.exec(event.code)?.[1];
    const view = number && VIEWS[number - 1];
    if (!view) return;
    event.preventDefault();
    location.hash = hashOf(view);
  });
  return { follow, redraw };
}
