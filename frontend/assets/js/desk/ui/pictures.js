// Pictures of a conversation: small ones that open in full size, with what was read in them.
import { hasPages, isDrawn } from "../../models/attachments.js";
import { icon, loaded, make } from "../../ui/dom.js";
import { fileUrl, pageUrl } from "../lib/addresses.js";

/**
 * Buttons that open a file: one for a picture, one for each page of a PDF. What has no picture (an
 * e-invoice's OFD or XML) is a link. `services`: as in `drawTranscript`.
 */
export function pictureButtons(file, services) {
  if (!isDrawn(file) && !hasPages(file)) return [fileLink(file, services)];
  const pages = Math.max(1, file.pages ?? 1);
  return Array.from({ length: pages }, (_, at) => pictureButton(file, at + 1, pages, services));
}

function fileLink(file, { text, conversation }) {
  const url = fileUrl(conversation, file.id);
  const properties = { className: "file-name", href: url, target: "_blank", rel: "noopener" };
  const name = file.name ?? text("picture");
  return make("a", properties, icon("clause"), make("span", { textContent: name }));
}

function pictureButton(file, page, pages, services) {
  const { text, conversation } = services;
  const place = pages > 1 ? text("pageOf", { page, pages }) : "";
  const name = [file.name ?? text("picture"), place].filter(Boolean).join(" · ");
  const src = pictureUrlOf(conversation, file, page);
  const image = make("img", { alt: name, loading: "lazy", decoding: "async", src });
  const onclick = () => openPicture(file, services, null, page);
  const ariaLabel = `${text("open")}: ${name}`;
  const button = make(
    "button",
    { type: "button", className: "picture", onclick, ariaLabel },
    image,
  );
  if (place) button.append(make("span", { className: "page-number", textContent: page }));
  // A file that cannot be drawn can still be saved.
  image.onerror = () => button.replaceWith(fileLink(file, services));
  return button;
}

function pictureUrlOf(conversation, file, page) {
  if (isDrawn(file)) return fileUrl(conversation, file.id);
  return pageUrl(conversation, file.id, page);
}

/** `lit`: the field to show first. `page`: of a PDF, from 1. */
export async function openPicture(file, services, lit = null, page = 1) {
  const { text, conversation, readings } = services;
  const { openLightbox } = await loaded(import("../../ui/lightbox.js"));
  const own = readings().filter((one) => one.image === file.id && (one.page ?? 1) === page);
  const pictureUrl = async () => pictureUrlOf(conversation, file, page);
  openLightbox({ file, readings: own, lit, text, pictureUrl });
}
