/*
 * SightDesk in another page (docs/embedding.md). Defines `window.SightDesk` and nothing else:
 *
 *   const desk = SightDesk.mount(element, { url, token, user, context, locale, theme });
 *   SightDesk.bubble({ url, token, … });
 *
 * One file, since host pages load it as one classic script and there is no build. Styles are set
 * through the CSS object model: a host's strict Content-Security-Policy needs `script-src` and
 * `frame-src` with this desk's origin, and nothing inline.
 */
(() => {
  "use strict";
  if (window.SightDesk) return;

  const SOURCE = "sightdesk";
  const VERSION = 1;
  const TIMEOUT_MS = 15_000;
  const UPLOAD_TIMEOUT_MS = 90_000; // pictures are uploaded before the acknowledgement
  const RENEW_BEFORE_MS = 60_000;
  // {request type: [method, the field that a plain value stands for]}.
  const REQUESTS = {
    "set-user": ["setUser", "name"],
    "set-context": ["setContext", "messages"],
    "set-locale": ["setLocale", "locale"],
    "set-theme": ["setTheme", "theme"],
    prefill: ["prefill", "text"],
    ask: ["ask", "text"],
    "attach-image": ["attachImage", "data"],
    "new-conversation": ["newConversation", null],
    "open-menu": ["openMenu", null],
    "open-conversation": ["openConversation", "id"],
  };
  const UPLOADS = new Set(["set-context", "ask", "attach-image"]);
  const EVENTS = new Set([
    "ready",
    "conversation-started",
    "message-sent",
    "message-completed",
    "feedback",
    "handoff-requested",
    "handoff-changed",
    "handoff-message",
    "action-changed",
    "insert-reply",
    "branding",
    "resize",
    "failed",
  ]);
  const INSERTS = ["reply", "note", "both"];
  const COLOUR = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i;
  const ownUrl = document.currentScript?.src;

  class SightDeskError extends Error {
    /** `reason`: the nack's, or "timeout", "unmounted", "no_token". */
    constructor(reason, type) {
      super(`${type}: ${reason}`);
      this.name = "SightDeskError";
      this.reason = reason;
    }
  }

  function newId() {
    const bytes = crypto.getRandomValues(new Uint8Array(12)); // plain HTTP has no randomUUID
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  function styled(element, style) {
    for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value);
    return element;
  }

  /** When a token expires, in ms since 1970; NaN where it does not say. Only plans the renewal. */
  function expiryOf(token) {
    try {
      return JSON.parse(atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"))).exp * 1000;
    } catch {
      return NaN;
    }
  }

  /**
   * Dispatches a DOM event. Listeners of an event that asks for something pass the promise of it to
   * `event.waitUntil`.
   */
  function dispatch(element, type, detail, answer = () => {}) {
    const event = new CustomEvent(`sightdesk:${type}`, { detail, bubbles: true });
    event.waitUntil = answer;
    element.dispatchEvent(event);
  }

  /** The frame: sends requests, receives acknowledgements and events. */
  class Frame {
    #origin;
    #pending = new Map();
    #tell;
    #listener = (event) => this.#receive(event);

    constructor(element, options, tell) {
      const { url, locale, insert, agent = false, bar = true } = options;
      const base = new URL(url ?? ownUrl ?? "", document.baseURI);
      this.#origin = base.origin;
      this.#tell = tell;
      this.ready = new Promise((resolve, reject) =>
        Object.assign(this, { isReady: resolve, isGone: reject }),
      );
      this.ready.catch(() => {});
      window.addEventListener("message", this.#listener);
      this.element = styled(document.createElement("iframe"), {
        width: "100%",
        height: "100%",
        border: "0",
        display: "block",
      });
      this.element.title = String(locale ?? document.documentElement.lang)
        .toLowerCase()
        .startsWith("en")
        ? "SightDesk support"
        : "SightDesk 智能客服";
      this.element.allow = "clipboard-write";
      // `host` says whom to tell `ready`. The token is sent later, to the desk's origin only.
      const host = `host=${encodeURIComponent(window.location.origin)}`;
      const parts = [host];
      if (insert === false) parts.push("insert=no");
      if (INSERTS.includes(insert)) parts.push(`insert=${insert}`);
      if (agent) parts.push("agent=yes");
      if (!bar) parts.push("bar=no");
      this.element.src = `${base.origin}/embed.html#${parts.join("&")}`;
      // Hidden until its styles are there.
      this.element.style.setProperty("visibility", "hidden");
      element.append(this.element);
    }

    request(type, payload, timeout = TIMEOUT_MS) {
      const requestId = newId();
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => this.#settle(requestId, "timeout"), timeout);
        this.#pending.set(requestId, { type, resolve, reject, timer });
        if (!this.element.contentWindow) return this.#settle(requestId, "unmounted");
        this.#post({ type, requestId, payload });
      });
    }

    close() {
      window.removeEventListener("message", this.#listener);
      this.isGone(new SightDeskError("unmounted", "ready"));
      for (const requestId of [...this.#pending.keys()]) this.#settle(requestId, "unmounted");
      this.element.remove();
    }

    #receive(event) {
      if (event.origin !== this.#origin || event.source !== this.element.contentWindow) return;
      const { source, version, type, requestId, payload } = event.data ?? {};
      if (source !== SOURCE || version !== VERSION) return;
      if (type === "ack") this.#settle(requestId, null);
      else if (type === "nack") this.#settle(requestId, payload?.reason ?? "other");
      else if (EVENTS.has(type)) {
        if (type === "ready") {
          this.element.style.removeProperty("visibility");
          this.isReady();
        }
        this.#tell(type, payload, (outcome) => this.#answer(requestId, outcome));
      }
    }

    /** Answers an event that asked for something: `outcome` is the host's promise. */
    async #answer(requestId, outcome) {
      const [type, payload] = await Promise.resolve(outcome).then(
        () => ["ack", {}],
        (error) => ["nack", { reason: String(error?.message ?? error) }],
      );
      this.#post({ type, requestId, payload });
    }

    /** The browser delivers nothing if the frame shows another origin by now. */
    #post(message) {
      this.element.contentWindow?.postMessage(
        { source: SOURCE, version: VERSION, ...message },
        this.#origin,
      );
    }

    #settle(requestId, reason) {
      const waiting = this.#pending.get(requestId);
      if (!waiting) return;
      this.#pending.delete(requestId);
      clearTimeout(waiting.timer);
      if (reason === null) waiting.resolve();
      else waiting.reject(new SightDeskError(reason, waiting.type));
    }
  }

  /**
   * `token`: a token, or a function that fetches one and is called again before it expires.
   * `insert`: answers are inserted into the host's ticket as a "reply", which is the default, as a
   * "note", or as "both"; `false` leaves it out. `agent`: the desk is shown to one who answers
   * customers. `bar: false`: the host has a title bar of its own.
   */
  function mount(element, options = {}) {
    const { token, user, context, locale, theme } = options;
    const frame = new Frame(element, options, tell);
    let renewal = 0;
    let last = null; // the token that the desk accepted last
    let introduced = false;

    function tell(type, detail, answer) {
      // A reloaded frame needs the token again, one with an expired token a new one.
      if (last !== null && type === "ready")
        enter(typeof token === "function" ? undefined : last)
          .then(greet)
          .catch(say);
      if (last !== null && type === "failed" && detail?.code === "invalid_token") renew();
      dispatch(element, type, detail, answer);
    }

    async function enter(given) {
      const fresh = given ?? (typeof token === "function" ? await token() : token);
      if (typeof fresh !== "string" || !fresh) throw new SightDeskError("no_token", "init");
      await frame.request("init", { token: fresh, locale, theme });
      last = fresh;
      clearTimeout(renewal);
      const wait = expiryOf(fresh) - Date.now();
      // At most what a timer holds; at least 1 s, since a wrong clock must not cause a busy loop.
      if (typeof token === "function" && wait > 0)
        renewal = setTimeout(
          renew,
          Math.min(Math.max(wait - RENEW_BEFORE_MS, wait / 2, 1000), 2 ** 31 - 1),
        );
    }

    function renew() {
      if (typeof token === "function") enter().catch(say);
    }

    function say(error) {
      if (error.reason !== "unmounted")
        tell("failed", { code: error.reason ?? "no_token", message: error.message });
    }

    const greet = () => user && request("set-user", user);

    async function start(given) {
      await timed(frame.ready, "ready");
      await enter(given);
      if (introduced) return;
      introduced = true;
      await greet();
      if (context)
        await request("set-context", Array.isArray(context) ? { messages: context } : context);
    }

    const request = (type, payload) =>
      frame.request(type, payload, UPLOADS.has(type) ? UPLOAD_TIMEOUT_MS : TIMEOUT_MS);
    let started = start();
    started.catch(say);

    const desk = {
      element,
      frame: frame.element,
      /** Resolves once the desk has accepted the token, the user and the context. */
      get started() {
        return started;
      },
      /** Sends a fresh token: a string, `{token}`, or nothing where `token` is a function. */
      init(given) {
        const attempt = start(given?.token ?? given);
        // A start that failed may succeed now; a failed renewal must not undo a good start.
        attempt.then(
          () => (started = attempt),
          () => {},
        );
        return attempt;
      },
      unmount() {
        clearTimeout(renewal);
        frame.close();
      },
    };
    for (const [type, [method, field]] of Object.entries(REQUESTS)) {
      desk[method] = async (value, more) => {
        await started;
        const plain =
          field !== null &&
          (typeof value !== "object" ||
            value === null ||
            Array.isArray(value) ||
            value instanceof Blob);
        return request(type, plain ? { ...more, [field]: value } : (value ?? {}));
      };
    }
    return desk;
  }

  async function timed(promise, type) {
    let timer;
    const late = new Promise(
      (_, reject) =>
        (timer = setTimeout(() => reject(new SightDeskError("timeout", type)), TIMEOUT_MS)),
    );
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  const WORDS = {
    zh: {
      open: "打开智能客服",
      close: "关闭",
      menu: "菜单",
      title: "智能客服",
      unread: "，有 {count} 条新回复",
      news: "智能客服有新回复",
      problem: "现在连不上客服，请稍后再试。",
      again: "重试",
    },
    en: {
      open: "Open support",
      close: "Close",
      menu: "Menu",
      title: "Support",
      unread: ", {count} new",
      news: "Support has answered",
      problem: "Support cannot be reached; try again soon.",
      again: "Try again",
    },
  };
  const BUBBLE_CSS = `
    :host { all: initial; --accent: #0f6b54; }
    * {
      box-sizing: border-box;
      font-family: system-ui, -apple-system, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC",
        sans-serif;
    }
    [hidden] { display: none !important; }
    button { border: 0; cursor: pointer; padding: 0; }
    button:focus-visible { outline: 3px solid #7fd6bb; outline-offset: 2px; }
    .opener {
      position: fixed; right: 24px; bottom: 24px; z-index: 2147483000; width: 60px; height: 60px;
      border-radius: 50%; background: var(--accent); color: #fff;
      box-shadow: 0 2px 6px #0003, 0 10px 28px #0003; display: grid; place-items: center;
      transition: transform .15s;
    }
    .left .opener, .left .panel { right: auto; left: 24px; }
    .opener:hover { transform: translateY(-2px); }
    .opener svg { width: 32px; height: 32px; display: block; }
    .opener .cross { display: none; }
    .opener[aria-expanded="true"] .cross { display: block; }
    .opener[aria-expanded="true"] .speech { display: none; }
    .unread {
      position: absolute; top: -3px; right: -3px; min-width: 22px; height: 22px; padding: 0 6px;
      border-radius: 11px; border: 2px solid #fff; background: #b3261e; color: #fff;
      font-size: 12px; font-weight: 700; line-height: 18px; text-align: center;
    }
    .panel {
      position: fixed; right: 24px; bottom: 98px; z-index: 2147483000;
      width: min(400px, calc(100vw - 48px)); height: min(640px, calc(100dvh - 122px));
      display: flex; flex-direction: column; overflow: hidden; border-radius: 16px;
      background: #fff; box-shadow: 0 4px 12px #00000026, 0 24px 64px #0000003d;
    }
    .bar {
      flex: none; display: flex; align-items: center; gap: 8px; padding: 4px 6px;
      background: var(--accent); color: #fff; font-size: 15px; font-weight: 600;
    }
    .bar span { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; }
    .bar span, .bar img { white-space: nowrap; }
    .bar img { width: 26px; height: 26px; border-radius: 6px; object-fit: contain; }
    .bar button {
      display: grid; place-items: center; width: 44px; height: 44px; border-radius: 9px;
      background: none; color: #fff; font-size: 22px; line-height: 1;
    }
    .bar svg { width: 22px; height: 22px; }
    .bar button:hover { background: #fff3; }
    .frame { flex: 1; min-height: 0; }
    .problem { padding: 40px 24px; text-align: center; color: #5d6762; font-size: 15px; }
    .problem button {
      margin-top: 14px; padding: 12px 20px; border-radius: 9px; background: var(--accent);
      color: #fff;
      font-size: 15px;
    }
    .said {
      position: fixed; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
      white-space: nowrap;
    }
    @media (max-width: 480px) {
      .panel, .left .panel { inset: 0; width: 100%; height: 100%; border-radius: 0; }
      .opener[aria-expanded="true"] { display: none; }
    }
    @media (prefers-reduced-motion: reduce) {
      .opener { transition: none; }
    }`;
  const SVG = "http://www.w3.org/2000/svg";
  const SPEECH =
    "M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11" +
    "l-4.6 4.2c-.5.5-1.4.1-1.4-.6V16A2.5 2.5 0 0 1 4 13.5z";
  const CROSS = "M6 6l12 12M18 6L6 18";
  const LINES = "M4 7h16M4 12h16M4 17h16";

  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  function icon(name, path, stroked) {
    const svg = document.createElementNS(SVG, "svg");
    const shape = document.createElementNS(SVG, "path");
    const drawn = stroked
      ? { fill: "none", stroke: "currentColor", "stroke-width": "2.4", "stroke-linecap": "round" }
      : { fill: "currentColor" };
    for (const [key, value] of Object.entries({
      class: name,
      viewBox: stroked ? "0 0 24 24" : "2 1 20 21",
      "aria-hidden": "true",
    }))
      svg.setAttribute(key, value);
    for (const [key, value] of Object.entries({ d: path, ...drawn }))
      shape.setAttribute(key, value);
    svg.append(shape);
    return svg;
  }

  /** The host's local storage. Where it is denied, everything is forgotten at a reload. */
  const kept = {
    get(key) {
      try {
        return localStorage.getItem(`sightdesk.${key}`);
      } catch {
        return null;
      }
    },
    set(key, value) {
      try {
        localStorage.setItem(`sightdesk.${key}`, value);
      } catch {
        /* forgotten at the reload */
      }
    },
  };

  /**
   * This browser's visitor: a random name that nobody can guess, the same at each visit. The host's
   * server puts it into the token.
   */
  function visitorId() {
    const known = kept.get("visitor");
    if (/^[0-9a-f]{24}$/.test(known ?? "")) return known;
    const made = newId();
    kept.set("visitor", made);
    return made;
  }

  /**
   * A button in the corner. The desk is loaded when it is first opened. `token`: as in `mount`; a
   * function is given `{visitor}`. `position`: "right" or "left". `title`, `accent` and `logo` of
   * the bar and the button; the company's own name and colour stand in for what is not given.
   */
  function bubble(options = {}) {
    const language = String(options.locale ?? document.documentElement.lang ?? "")
      .toLowerCase()
      .startsWith("en")
      ? "en"
      : "zh";
    const words = WORDS[language];
    const host = document.createElement("div");
    const shadow = host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(BUBBLE_CSS);
    shadow.adoptedStyleSheets = [sheet];

    const badge = make("span", { className: "unread", hidden: true });
    badge.setAttribute("aria-hidden", "true");
    const opener = make(
      "button",
      { type: "button", className: "opener" },
      icon("speech", SPEECH),
      icon("cross", CROSS, true),
      badge,
    );
    const close = make("button", { type: "button", ariaLabel: words.close, textContent: "×" });
    const menu = make(
      "button",
      { type: "button", className: "menu", ariaLabel: words.menu, hidden: true },
      icon("lines", LINES, true),
    );
    const place = make("div", { className: "frame" });
    const heading = make("span", {});
    const logo = options.logo ? [make("img", { src: options.logo, alt: "" })] : [];
    const panel = make(
      "div",
      { className: "panel", id: "panel", role: "dialog", hidden: true },
      make("div", { className: "bar" }, menu, ...logo, heading, close),
      place,
    );

    /** What the mount options leave open, the company's name and colour decide. */
    function brand({ name, accent } = {}) {
      panel.ariaLabel = heading.textContent = options.title ?? name ?? words.title;
      const colour = [options.accent, accent].find((one) => COLOUR.test(one ?? ""));
      if (colour) host.style.setProperty("--accent", colour);
    }
    brand();
    const said = make("div", { className: "said", role: "status" });
    opener.setAttribute("aria-controls", "panel");
    opener.setAttribute("aria-haspopup", "dialog");
    const corner = make("div", { className: options.position === "left" ? "left" : "right" });
    corner.append(panel, opener, said);
    shadow.append(corner);
    document.body.append(host);

    const visitor = visitorId();
    let desk = null;
    let unread = 0;

    function load() {
      const token =
        typeof options.token === "function" ? () => options.token({ visitor }) : options.token;
      place.replaceChildren();
      // A visitor has no ticket to insert into.
      const made = (desk = mount(place, { insert: false, ...options, token, bar: false }));
      made.started
        .then(() => (menu.hidden = false))
        .catch(() => {
          made.unmount();
          if (desk === made)
            place.replaceChildren(
              make(
                "div",
                { className: "problem", role: "alert" },
                words.problem,
                make("br", {}),
                make("button", { type: "button", textContent: words.again, onclick: load }),
              ),
            );
        });
    }

    function show(open, byPerson = true) {
      if (open && !desk) load();
      panel.hidden = !open;
      opener.setAttribute("aria-expanded", String(open));
      kept.set("open", open ? "1" : "");
      if (open) unread = 0;
      label();
      if (byPerson) (open ? close : opener).focus();
    }

    function label() {
      badge.hidden = unread === 0;
      badge.textContent = unread > 9 ? "9+" : String(unread);
      opener.ariaLabel =
        (panel.hidden ? words.open : words.close) +
        (unread ? words.unread.replace("{count}", unread) : "");
    }

    for (const type of ["message-completed", "handoff-message"]) {
      place.addEventListener(`sightdesk:${type}`, () => {
        if (!panel.hidden) return;
        unread += 1;
        said.textContent = "";
        said.textContent = words.news;
        label();
      });
    }
    // While a person is asked for, the desk is loaded with the page, to hear of the answer.
    place.addEventListener("sightdesk:handoff-requested", () => kept.set("waiting", "1"));
    place.addEventListener("sightdesk:handoff-changed", ({ detail }) => {
      kept.set("waiting", detail.status === "resolved" ? "" : "1");
    });
    // Events stay inside the shadow tree, so they are dispatched again on the bubble's element.
    for (const type of EVENTS) {
      place.addEventListener(`sightdesk:${type}`, (event) =>
        dispatch(host, type, event.detail, event.waitUntil),
      );
    }
    place.addEventListener("sightdesk:branding", ({ detail }) => brand(detail));
    menu.onclick = () => desk?.openMenu().catch(() => {});
    opener.onclick = () => show(panel.hidden);
    close.onclick = () => show(false);
    shadow.addEventListener(
      "keydown",
      (event) => event.key === "Escape" && !panel.hidden && show(false),
    );
    show(kept.get("open") === "1", false);
    if (!desk && kept.get("waiting") === "1") load();

    return {
      element: host,
      visitor,
      get desk() {
        return desk;
      },
      get isOpen() {
        return !panel.hidden;
      },
      open: () => show(true),
      close: () => show(false),
      unmount() {
        desk?.unmount();
        host.remove();
      },
    };
  }

  window.SightDesk = Object.freeze({ version: VERSION, mount, bubble, Error: SightDeskError });
})();
