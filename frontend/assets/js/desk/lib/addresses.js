// The addresses of the gateway's routes for staff.

/** The address of a route, also for links and downloads. */
export function pathOf(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined);
  const search = new URLSearchParams(given).toString();
  return `/api/desk/${path}${search && `?${search}`}`;
}

/** The address of a file that a turn of the conversation names. */
export function fileUrl(conversation, file) {
  const [one, other] = [conversation, file].map(encodeURIComponent);
  return pathOf(`conversations/${one}/files/${other}/content`);
}
