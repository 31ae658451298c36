// What may be attached, and how far it has to shrink: against the gateway's own limits, before anything is sent.
import { readableSize } from "../lib/texts.js";

const BY_NAME = { jpg: "image/jpeg", jpeg: "image/jpeg", png: "image/png", webp: "image/webp", gif: "image/gif", bmp: "image/bmp", heic: "image/heic", heif: "image/heic", pdf: "application/pdf" };
// What browsers draw, and so can scale, crop and show; HEIC and PDF are sent as they are.
const DRAWN = new Set(["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"]);
const HEIC_BRANDS = new Set(["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"]);
const HEAD_BYTES = 1024; // a PDF may begin so late
const FAR_ABOVE = 3;
const LONG_SHOT = 3; // the gateway cuts a longer screenshot into tiles instead of scaling it

/** The media type by the first bytes, as the gateway judges it; "" for what is none of the seven kinds. */
export function sniff(head) {
  const text = String.fromCharCode(...head.subarray(0, HEAD_BYTES));
  if (text.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "image/webp";
  if (text.startsWith("GIF87a") || text.startsWith("GIF89a")) return "image/gif";
  if (text.startsWith("BM") && text.length > 26) return "image/bmp";
  if (text.slice(4, 8) === "ftyp" && HEIC_BRANDS.has(text.slice(8, 12))) return "image/heic";
  return text.includes("%PDF-") ? "application/pdf" : "";
}

/** The file with the type that its bytes have, whatever its sender declared; the file itself where they say nothing. */
export async function recognised(file) {
  const head = await file.slice(0, HEAD_BYTES).arrayBuffer().catch(() => new ArrayBuffer(0)); // a folder cannot be read
  const type = sniff(new Uint8Array(head));
  return type && type !== file.type ? new File([file], file.name, { type }) : file;
}

export function typeOf(file) {
  return (file.type || BY_NAME[file.name?.split(".").pop()?.toLowerCase()] || "").replace("heif", "heic");
}

export function isDrawn(file) {
  return DRAWN.has(typeOf(file));
}

/** null where the file may go, else {key, values, code} of the words that say why not. A picture that is too large is scaled. */
export function objection(file, count, total, config) {
  const { limits, accept } = config;
  if (count >= limits.max_images) return { code: "too_many_images", key: "tooMany", values: { count: limits.max_images, size: total } };
  if (!accept.includes(typeOf(file))) return { code: "unsupported_media_type", key: "wrongType", values: { name: file.name } };
  return isDrawn(file) ? null : tooLarge(file, limits);
}

export function tooLarge(file, limits) {
  if (file.size <= limits.image_max_bytes) return null;
  const code = typeOf(file) === "application/pdf" ? "pdf_too_large" : "image_too_large";
  return { code, key: "tooLarge", values: { name: file.name, size: readableSize(file.size), limit: readableSize(limits.image_max_bytes) } };
}

/**
 * The size in pixels to scale to, or null to send the file as it is. Only what the gateway would refuse is scaled, or what
 * is far above the size it keeps: scaling costs letters, so there is no scaling for a small gain.
 */
export function scaledSize({ width, height }, bytes, limits) {
  const { image_max_bytes, image_max_pixels, image_max_side, image_longest_side } = limits;
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  const refused = bytes > image_max_bytes || width * height > image_max_pixels || long > image_longest_side;
  const isLong = long > LONG_SHOT * short;
  if (!refused && (isLong || long <= FAR_ABOVE * image_max_side)) return null;
  const side = isLong ? short : long;
  const scale = Math.min(1, image_max_side / side, Math.sqrt(image_max_pixels / (width * height)), image_longest_side / long);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
