// Pictures as files, from whatever holds them.

const MAX_HEAD = 256; // characters of a data URL before its comma

/**
 * {type, data} of a base64 data URL (RFC 2397), or null. Any declared type is accepted except
 * text: the bytes show what a picture is.
 */
export function dataUrlOf(url) {
  const comma = url.slice(0, MAX_HEAD).indexOf(",");
  if (comma < 0 || url.slice(0, 5).toLowerCase() !== "data:") return null;
  const [type, ...parameters] = url
    .slice(5, comma)
    .split(";")
    .map((one) => one.trim().toLowerCase());
  if (parameters.at(-1) !== "base64" || type.startsWith("text/")) return null;
  return { type, data: url.slice(comma + 1) };
}

/**
 * A File of a Blob, a data URL or {name, data}. Data URLs are decoded here, since connect-src lets
 * nobody fetch them. Throws with the code "invalid_image".
 */
export function fileOf(image, fallbackName = "picture") {
  const data = image.data ?? image;
  const name = image.name || (data instanceof Blob && data.name) || fallbackName;
  if (data instanceof Blob) return new File([data], name, { type: data.type });
  const { type, data: base64 } = dataUrlOf(data);
  const bytes = Uint8Array.from(decoded(base64), (character) => character.charCodeAt(0));
  return new File([bytes], name, { type });
}

function decoded(base64) {
  try {
    return atob(base64.includes("%") ? decodeURIComponent(base64) : base64);
  } catch {
    throw Object.assign(new Error("The base64 is damaged."), { code: "invalid_image" });
  }
}

/** The File at a path under /assets/, or of a data URL as `name`. Throws where there is none. */
export async function pictureAt(url, name) {
  if (dataUrlOf(url)) return fileOf(url, name);
  const response = await fetch(url);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return fileOf({ name: url.split("/").at(-1), data: await response.blob() });
}
