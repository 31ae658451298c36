// Covering parts of an attachment before it is sent. Of files that browsers do not draw, PDF and
// HEIC, the gateway draws the pages, and covered pages take the file's place.
import { isDrawn } from "../models/attachments.js";
import { fileFromServer } from "../models/conversation.js";
import { toast } from "./dom.js";
import { openEditor } from "./editor.js";

/**
 * Opens the editor for an attachment. Resolves to the files that take its place, or to null where
 * nothing changes.
 */
export async function covered(one, services) {
  if (!isDrawn(one.file)) return coveredPages(one, services);
  const { stored } = one;
  const edited = await openEditor({
    file: await contentOf(one, services.api),
    stored,
    ...services,
  });
  return edited && [edited];
}

/** The file; one from before a reload is fetched back. */
async function contentOf({ file, stored }, api) {
  if (file instanceof Blob) return file;
  return new File([await api.picture(stored.id)], stored.name, { type: stored.type });
}

/** A file that is not on the server yet is uploaded to be drawn, and deleted again. */
async function coveredPages({ file, stored }, services) {
  const { api, text } = services;
  if (!stored) toast(text("pagesLent"));
  const lent = stored ? null : fileFromServer(await api.upload(file));
  const source = stored ?? lent;
  const drawn = [];
  try {
    for (let page = 1; page <= source.pages; page += 1) {
      const picture = await pageOf(source, page, api);
      const edited = await openEditor({ file: picture, stored: source, page, ...services });
      if (!edited) return null; // closed without "done"
      drawn.push({ picture, edited });
    }
  } finally {
    if (lent) api.removeFile(lent.id).catch(() => {});
  }
  const isCovered = drawn.some(({ picture, edited }) => picture !== edited);
  return isCovered ? drawn.map(({ edited }) => edited) : null;
}

async function pageOf({ id, name, pages }, page, api) {
  const blob = await api.picture(id, page);
  const stem = (name || "picture").replace(/\.\w+$/, "");
  const title = pages > 1 ? `${stem} ${page}` : stem;
  return new File([blob], `${title}.${blob.type.split("/")[1]}`, { type: blob.type });
}
