// The embedded page's side of the protocol. Until the gateway has accepted a token, from `init` or
// from the address, the page shows nothing and asks the gateway for nothing else.
import { ApiClient } from "../api/client.js";
import { toast } from "../ui/dom.js";
import { Channel, likelyHost } from "./channel.js";
import { reportHeight } from "./height.js";
import { claimsOf } from "./protocol.js";
import { requestHandlers } from "./requests.js";
import { scopedStorage } from "./scoped-storage.js";
import { reportSession } from "./session-events.js";

// What the host's choice of `insert` offers.
const INSERT = { no: [], reply: ["reply"], note: ["note"], both: ["reply", "note"] };

/**
 * `begin({config, locale, theme, insert, scoped, …})` builds the page and resolves to its parts
 * (main.js). `fail(error)` shows why there is no page. `early`: message events that came before
 * this module was loaded.
 */
export function openBridge({ window, api, begin, fail, early = [] }) {
  const channel = new Channel(window);
  const fragment = new URLSearchParams(window.location.hash.slice(1));
  // The token must not stay in the address bar or in the browser's history.
  if (fragment.has("token")) window.history.replaceState(null, "", window.location.pathname);
  let handlers = null; // of requests, once a token was accepted
  let user = null;
  let isForeign = false; // the last token was for another origin
  let insertId = null; // requestId of the last insert-reply
  let onRefusal = () => {};

  /** Resolves to the nack's reason, null for an ack, undefined for no answer at all. */
  async function enter({ token, locale, theme }, origin) {
    const claims = claimsOf(token);
    if (!claims) return "invalid_token";
    let config;
    try {
      config = await new ApiClient({ token }).config();
    } catch (error) {
      return error.code ?? "other";
    }
    const allowed = config.embed_origin ? new URL(config.embed_origin).origin : claims.origin;
    if (origin !== undefined && origin !== allowed) {
      isForeign = true;
      console.warn(`sightdesk: the token is for ${allowed}, and this message came from ${origin}`);
      return undefined;
    }
    // A page serves one person: no conversation may pass from one to another.
    if (user !== null && claims.user !== user) return "another_user";
    api.token = token;
    if (handlers === null) {
      const scoped = (storage) => scopedStorage(claims.user, storage);
      const insert = INSERT[fragment.get("insert")] ?? INSERT.reply;
      const isAgent = fragment.get("agent") === "yes";
      const isBarless = fragment.get("bar") === "no";
      const options = { config, locale, theme, insert, isAgent, isBarless, scoped };
      open(await begin(options), claims.user, allowed);
    } else {
      if (locale) await handlers["set-locale"]({ locale });
      if (theme) await handlers["set-theme"]({ theme });
    }
    return null;
  }

  function open(page, pageUser, origin) {
    channel.host = origin;
    user = pageUser;
    isForeign = false;
    handlers = requestHandlers(page);
    reportSession(page.session, (type, payload) => {
      const id = channel.tell(type, payload);
      if (type === "insert-reply") insertId = id;
    });
    onRefusal = ({ requestId, reason }) => {
      if (insertId && requestId === insertId) toast(page.text("notInserted", { reason }));
    };
    page.text.follow(() => channel.tell("branding", page.shell.brand()));
    channel.tell("branding", page.shell.brand());
    reportHeight(window.document, (height) => channel.tell("resize", { height }));
  }

  async function handle({ request, origin, reply }) {
    const { type, payload, refusal } = request;
    if (isForeign && type !== "init") return;
    const work = () => (type === "init" ? enter(payload, origin) : serve(type, payload));
    const reason = refusal ?? (await work().catch(reasonOf));
    if (reason === null) reply("ack", {});
    else if (reason !== undefined) reply("nack", { reason });
  }

  async function serve(type, payload) {
    if (handlers === null) return "not_initialised";
    return (await handlers[type](payload)) ?? null;
  }

  async function enterByFragment() {
    const [token, parent] = [fragment.get("token"), window.location.ancestorOrigins?.[0]];
    const reason = await enter({ token }, parent);
    if (handlers === null) fail({ code: reason ?? "origin_not_allowed" });
  }

  channel.after(async () => {
    if (fragment.has("token")) await enterByFragment();
    else if (!channel.framed) fail({ code: "invalid_token" });
    channel.tell("ready", {}, channel.host ?? likelyHost(window, fragment.get("host")));
  });
  channel.listen(handle, (refusal) => onRefusal(refusal), early);
}

/** An ApiError's code. A DOMException has a code, too: a number. */
const reasonOf = ({ code }) => (typeof code === "string" ? code : "other");
