// The embedded page's side of the protocol. Until `init`, or the fragment, has brought a token that the gateway takes,
// nothing of the desk exists here: no session, no request, nothing to see but who to ask.
import { Desk } from "../api/desk.js";
import { Channel, likelyHost } from "./channel.js";
import { claimsOf } from "./protocol.js";
import { reportHeight } from "./height.js";
import { reportSession } from "./reports.js";
import { requestHandlers } from "./requests.js";
import { shelfOf } from "./shelf.js";
import { toast } from "../ui/parts.js";

/**
 * `begin({config, locale, theme, insert, shelf})` builds the page and returns its parts; `insert` is whether answers can go
 * into a ticket, `shelf(storage)` this user's part of it. `fail(error)` shows why there is no page. `early` holds the
 * message events that came before us.
 */
export function openBridge({ window, desk, begin, fail, early = [] }) {
  const channel = new Channel(window);
  const fragment = new URLSearchParams(window.location.hash.slice(1));
  // A token stays neither in the address bar nor in the history.
  if (fragment.has("token")) window.history.replaceState(null, "", window.location.pathname);
  let handlers = null;
  let user = null;
  let foreign = false;
  let inserted = null; // the insert-reply that was sent last
  let refused = () => {};

  /** The nack's reason, null for an ack, undefined where nobody is answered. */
  async function enter({ token, locale, theme }, origin) {
    const claims = claimsOf(token);
    if (!claims) return "invalid_token";
    let config;
    try {
      config = await new Desk({ token }).config();
    } catch (error) {
      return error.code ?? "other";
    }
    const allowed = config.embed_origin ? new URL(config.embed_origin).origin : claims.origin;
    if (origin !== undefined && origin !== allowed) {
      foreign = true;
      console.warn(`sightdesk: the token is for ${allowed}, and this message came from ${origin}`);
      return undefined;
    }
    // One page, one person: a conversation never passes from one to another.
    if (user !== null && claims.user !== user) return "another_user";
    desk.token = token;
    if (handlers === null) {
      const shelf = (storage) => shelfOf(claims.user, storage);
      open(await begin({ config, locale, theme, insert: fragment.get("insert") !== "no", shelf }), claims, allowed);
    } else {
      if (locale) await handlers["set-locale"]({ locale });
      if (theme) await handlers["set-theme"]({ theme });
    }
    return null;
  }

  function open(parts, claims, origin) {
    channel.host = origin;
    user = claims.user;
    foreign = false;
    handlers = requestHandlers(parts);
    reportSession(parts.session, (type, payload) => {
      const id = channel.tell(type, payload);
      if (type === "insert-reply") inserted = id;
    });
    refused = ({ requestId, reason }) => inserted && requestId === inserted && toast(parts.text("notInserted", { reason }));
    reportHeight(window.document, (height) => channel.tell("resize", { height }));
  }

  async function handle({ request, origin, reply }) {
    const { type, payload, refusal } = request;
    if (foreign && type !== "init") return;
    const reason = refusal ?? (await (type === "init" ? enter(payload, origin) : serve(type, payload)).catch(reasonOf));
    if (reason === undefined) return;
    reply(reason === null ? "ack" : "nack", reason === null ? {} : { reason });
  }

  async function serve(type, payload) {
    if (handlers === null) return "not_initialised";
    return (await handlers[type](payload)) ?? null;
  }

  // A DOMException has a code, too: a number.
  const reasonOf = ({ code }) => (typeof code === "string" ? code : "other");

  channel.after(async () => {
    if (fragment.has("token")) {
      const reason = await enter({ token: fragment.get("token") }, window.location.ancestorOrigins?.[0]);
      if (handlers === null) fail({ code: reason ?? "origin_not_allowed" });
    } else if (!channel.framed) fail({ code: "invalid_token" });
    channel.tell("ready", {}, channel.host ?? likelyHost(window, fragment.get("host")));
  });
  channel.listen(handle, (refusal) => refused(refusal), early);
}
