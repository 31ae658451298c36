// A failure in the user's words, with the bound that was crossed.
import { readableSize } from "../lib/size.js";
import { TEXTS } from "../lib/texts.js";

export function wordsFor(error, text, limits) {
  const key = `error_${error.code}`;
  const values = { count: limits?.max_images, size: limits && readableSize(limits.image_max_bytes), pages: limits?.pdf_max_pages, message: error.message };
  return text(key in TEXTS.en ? key : "error_other", values);
}
