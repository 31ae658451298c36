// Where the page is, as the address's fragment tells: "#/inbox/mine/handoff-1?query=a".

/** The names of the views, in the order of their links. */
export const VIEWS = ["inbox", "approvals", "quality", "figures", "system"];

/** {view, parts, query}: the view's name, what stands behind it, and a plain object. */
export function parseRoute(hash) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view, ...parts] = path.split("/").map(decoded);
  const query = Object.fromEntries(new URLSearchParams(search));
  if (!VIEWS.includes(view)) return { view: VIEWS[0], parts: [], query: {} };
  return { view, parts: parts.filter(Boolean), query };
}

/** The fragment of a route. Parts and values that are empty are left out. */
export function hashOf(view, parts = [], query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined);
  const search = new URLSearchParams(given).toString();
  const path = [view, ...parts.filter(Boolean)].map(encodeURIComponent).join("/");
  return `#/${path}${search && `?${search}`}`;
}

/** A part that was typed by hand may hold a stray "%". */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
