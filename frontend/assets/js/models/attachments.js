// What may be attached: checked here before anything is sent, against the gateway's own limits.
import { readableSize } from "../lib/size.js";

const BY_NAME = { jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", webp: "image/webp", gif: "image/gif", bmp: "image/bmp", heic: "image/heic", heif: "image/heic", pdf: "application/pdf" };

export function typeOf(file) {
  return file.type || BY_NAME[file.name?.split(".").pop()?.toLowerCase()] || "";
}

/** null where the file may go, else {key, values} of the words that say why not. */
export function objection(file, count, config) {
  const { limits, accept } = config;
  if (count >= limits.max_images) return { key: "tooMany", values: { count: limits.max_images } };
  if (!accept.includes(typeOf(file).replace("heif", "heic"))) return { key: "wrongType", values: { name: file.name } };
  if (file.size > limits.image_max_bytes) {
    return { key: "tooLarge", values: { name: file.name, size: readableSize(file.size), limit: readableSize(limits.image_max_bytes) } };
  }
  return null;
}
