// A picture in full size, with the fields that were read in it outlined.
import { make, openDialog } from "./dom.js";

/** `lit`: the field to show first. `pictureUrl(file, page)`: resolves to the picture's URL. */
export async function openLightbox({ file, readings, lit = null, text, pictureUrl }) {
  const title = file.name ?? text("lightboxTitle");
  const { dialog, body } = openDialog("lightbox", title, text("close"));
  const [reading] = readings;
  const fields = (reading?.fields ?? []).filter((field) => field.box);
  const nameOf = (field) => text(`field_${field.name}`);
  const outlines = fields.map((field) => {
    const outline = outlineOf(field, reading, `${nameOf(field)} ${field.value}`);
    outline.onclick = () => light(field);
    return { field, outline };
  });
  const image = make("img", { alt: title });
  const stage = make("div", { className: "stage" }, image);
  stage.append(...outlines.map(({ outline }) => outline));
  const caption = make("p", { className: "caption", role: "status" });
  const region = { tabIndex: 0, role: "region", ariaLabel: text("lightboxTitle") };
  body.append(make("div", { className: "frame", ...region }, stage), caption);

  function light(field) {
    for (const { field: other, outline } of outlines) {
      const isLit = other === field;
      outline.classList.toggle("lit", isLit);
      outline.setAttribute("aria-pressed", String(isLit));
      if (isLit) outline.scrollIntoView({ block: "center", inline: "center" });
    }
    caption.textContent = field ? `${nameOf(field)} · ${field.value}` : "";
  }

  const isWanted = ({ name, value }) => lit && name === lit.name && value === lit.value;
  image.onload = () => light(fields.find(isWanted) ?? null);
  image.onerror = () => (caption.textContent = text("error_file_not_found"));
  dialog.querySelector(".close").focus();
  image.src = await pictureUrl(file, reading?.page).catch(() => "");
}

/** A button over the picture, where the field's box is. */
function outlineOf({ box: [x, y, width, height] }, reading, ariaLabel) {
  const outline = make("button", { type: "button", className: "region", ariaLabel });
  const percent = (value, whole) => `${(value / whole) * 100}%`;
  Object.assign(outline.style, {
    left: percent(x, reading.width),
    top: percent(y, reading.height),
    width: percent(width, reading.width),
    height: percent(height, reading.height),
  });
  return outline;
}
