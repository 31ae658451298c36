// Pictures of a conversation: small ones that open in full size, with what was read in them.
import { isDrawn } from "../../models/attachments.js";
import { icon, loaded, make } from "../../ui/dom.js";
import { fileUrl } from "../lib/addresses.js";

/** What browsers do not draw (PDF, HEIC) is a link. `services`: as in `drawTranscript`. */
export function pictureButton(file, services) {
  const { text, conversation } = services;
  const url = fileUrl(conversation, file.id);
  const name = file.name ?? text("picture");
  if (!isDrawn(file)) {
    const properties = { className: "file-name", href: url, target: "_blank", rel: "noopener" };
    return make("a", properties, icon("clause"), make("span", { textContent: name }));
  }
  const image = make("img", { alt: name, loading: "lazy", decoding: "async", src: url });
  image.onerror = () => image.classList.add("lost");
  const onclick = () => openPicture(file, services);
  const ariaLabel = `${text("open")}: ${name}`;
  return make("button", { type: "button", className: "picture", onclick, ariaLabel }, image);
}

/** `lit`: the field to show first. */
export async function openPicture(file, { text, conversation, readings }, lit = null) {
  const { openLightbox } = await loaded(import("../../ui/lightbox.js"));
  const own = readings().filter(({ image }) => image === file.id);
  const pictureUrl = async ({ id }) => fileUrl(conversation, id);
  openLightbox({ file, readings: own, lit, text, pictureUrl });
}
