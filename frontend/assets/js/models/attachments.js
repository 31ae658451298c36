// What may be attached, and how far it is scaled: judged by the gateway's limits before uploading.
import { readableSize } from "../lib/texts.js";

const BY_NAME = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  gif: "image/gif",
  bmp: "image/bmp",
  heic: "image/heic",
  heif: "image/heic",
  pdf: "application/pdf",
  ofd: "application/ofd",
  xml: "application/xml",
};
// Browsers draw these: the page can scale, crop and show them. HEIC and PDF are sent unchanged.
const DRAWN = new Set(["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"]);
const HEIC_BRANDS = new Set(["heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"]);
const HEAD_BYTES = 1024; // a PDF's header may come this late
const FAR_ABOVE = 3; // times the size that the gateway keeps
const LONG_SHOT = 3; // sides; the gateway cuts a longer screenshot into tiles and does not scale it

/** The media type by the first bytes, as the gateway judges it; "" for any other. */
export function sniff(head) {
  const text = String.fromCharCode(...head.subarray(0, HEAD_BYTES));
  if (text.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (text.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "image/webp";
  if (text.startsWith("GIF87a") || text.startsWith("GIF89a")) return "image/gif";
  if (text.startsWith("BM") && text.length > 26) return "image/bmp";
  if (text.slice(4, 8) === "ftyp" && HEIC_BRANDS.has(text.slice(8, 12))) return "image/heic";
  if (text.includes("%PDF-")) return "application/pdf";
  if (text.startsWith("PK\x03\x04") && text.includes("OFD.xml")) return "application/ofd";
  const isXml = /^(?:\xef\xbb\xbf)?\s{0,8}<\?xml/.test(text) && !text.includes("<svg");
  return isXml ? "application/xml" : "";
}

/** The file with the type that its bytes show; the same file where they show none. */
export async function recognised(file) {
  const unreadable = () => new ArrayBuffer(0); // a folder
  const head = await file.slice(0, HEAD_BYTES).arrayBuffer().catch(unreadable);
  const type = sniff(new Uint8Array(head));
  return type && type !== file.type ? new File([file], file.name, { type }) : file;
}

export function typeOf(file) {
  const byName = BY_NAME[file.name?.split(".").pop()?.toLowerCase()] ?? "";
  return (file.type || byName).replace("heif", "heic");
}

export function isDrawn(file) {
  return DRAWN.has(typeOf(file));
}

/** Whether the gateway draws its pages, since browsers do not. */
export function hasPages(file) {
  return ["application/pdf", "image/heic"].includes(typeOf(file));
}

/** Whether parts of it can be covered. */
export function isEditable(file) {
  return isDrawn(file) || hasPages(file);
}

/** What is told of an uploaded file: its size, before and after scaling, and a PDF's pages. */
export function sizeNote({ stored, original, file }, text) {
  const after = readableSize(stored.size);
  const isPdf = typeOf(file) === "application/pdf";
  const pages = isPdf ? ` · ${text("pages", { pages: stored.pages })}` : "";
  if (stored.size >= original) return after + pages;
  return text("scaledFrom", { before: readableSize(original), after }) + pages;
}

/**
 * Why a file may not be attached: {code, key, values}, `key` and `values` for the text; or null.
 * A drawn picture that is too large is scaled, so it is no objection.
 */
export function objection(file, count, total, { limits, accept }) {
  if (count >= limits.max_images) {
    const values = { count: limits.max_images, size: total };
    return { code: "too_many_images", key: "tooMany", values };
  }
  if (!accept.includes(typeOf(file))) {
    return { code: "unsupported_media_type", key: "wrongType", values: { name: file.name } };
  }
  return isDrawn(file) ? null : tooLarge(file, limits);
}

/** As `objection`, for a file that is uploaded as it is. */
export function tooLarge(file, limits) {
  if (file.size <= limits.image_max_bytes) return null;
  const code = typeOf(file) === "application/pdf" ? "pdf_too_large" : "image_too_large";
  const [size, limit] = [readableSize(file.size), readableSize(limits.image_max_bytes)];
  return { code, key: "tooLarge", values: { name: file.name, size, limit } };
}

/**
 * The size in pixels to scale to, or null to send the file as it is. Scaled is only what the
 * gateway would refuse, or what is far above the size that it keeps: scaling blurs letters.
 */
export function scaledSize({ width, height }, bytes, limits) {
  const { image_max_bytes, image_max_pixels, image_max_side, image_longest_side } = limits;
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  const pixels = width * height;
  const isRefused =
    bytes > image_max_bytes || pixels > image_max_pixels || long > image_longest_side;
  const isLong = long > LONG_SHOT * short;
  if (!isRefused && (isLong || long <= FAR_ABOVE * image_max_side)) return null;
  const byArea = Math.sqrt(image_max_pixels / pixels);
  const bySide = image_max_side / (isLong ? short : long);
  const scale = Math.min(1, bySide, byArea, image_longest_side / long);
  const scaled = (side) => Math.max(1, Math.round(side * scale));
  return { width: scaled(width), height: scaled(height) };
}

/** The files of one question. `expected`: how many files are still being recognised. */
export const newBatch = () => ({ items: [], expected: 0, recognising: null });

/**
 * One file of a batch. `item`: its element. `original`: bytes before scaling. `stored`: the file on
 * the server. `abort`: of its upload. `uploaded`: resolves when the upload has ended or failed.
 */
export function newAttachment(batch, file, item) {
  const nothingYet = { stored: null, error: null, abort: null, preview: null };
  return { batch, file, item, original: file.size, uploaded: Promise.resolve(), ...nothingYet };
}

/** Whether it is held: its upload begins with "send". */
export const isWaiting = (one) => !one.stored && !one.error && !one.abort;
export const isPending = (one) => !one.stored && !one.error;

/**
 * Whether a batch has uploads other than those in `seen` (their promises), which have ended: an
 * upload that the editor interrupted is pending but has ended.
 */
export function hasPending({ expected, items }, seen) {
  return expected > 0 || items.some((one) => isPending(one) && !seen.includes(one.uploaded));
}

/**
 * What a clipboard means: "text", "files" or "". Spreadsheets and word processors add a picture of
 * the text: the text is meant. File managers add the files' names as text: the files are meant.
 */
export function pasteKind(clipboard) {
  const files = [...(clipboard?.files ?? [])];
  const words = clipboard?.getData("text/plain").trim() ?? "";
  if (!files.length) return words && "text";
  const isPicture = files.every((file) => file.type.startsWith("image/"));
  return words && !areNames(words, files) && isPicture ? "text" : "files";
}

function areNames(words, files) {
  const names = new Set(files.map((file) => file.name));
  return words.split(/\r?\n/).every((line) => names.has(nameIn(line.trim())));
}

/** The file name in a path or in a URL such as file:///…/a%20b.png. */
function nameIn(line) {
  const name = line.split(/[/\\]/).pop();
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
