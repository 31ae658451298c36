// The addresses of the gateway's routes for staff.

/** The address of a route, also for links and downloads. */
export function pathOf(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== "" && value !== undefined);
  const search = new URLSearchParams(given).toString();
  return `/api/desk/${path}${search && `?${search}`}`;
}

/** The address of a file that a turn of the conversation names, as it was uploaded. */
export function fileUrl(conversation, file) {
  return pathOf(`${fileOf(conversation, file)}/content`);
}

/** The address of a page of such a file, drawn by the gateway: of a PDF, or of a HEIC picture. */
export function pageUrl(conversation, file, page = 1) {
  return pathOf(`${fileOf(conversation, file)}/preview`, { page });
}

function fileOf(conversation, file) {
  const [one, other] = [conversation, file].map(encodeURIComponent);
  return `conversations/${one}/files/${other}`;
}
