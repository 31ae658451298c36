// A screenshot at its size, with what was read in it outlined; `lit` is the field that somebody asked to see.
import { make, openDialog } from "./parts.js";

export async function openLightbox({ file, readings, lit = null, text, pictureUrl }) {
  const { dialog, body } = openDialog("lightbox", file.name ?? text("lightboxTitle"), text("close"));
  const [reading] = readings;
  const fields = (reading?.fields ?? []).filter((field) => field.box);
  const image = make("img", { alt: file.name ?? text("lightboxTitle") });
  const stage = make("div", { className: "stage" }, image);
  const caption = make("p", { className: "caption", role: "status" });
  const marks = fields.map((field) => ({ field, mark: markOf(field) }));
  stage.append(...marks.map(({ mark }) => mark));
  body.append(make("div", { className: "frame", tabIndex: 0, role: "region", ariaLabel: text("lightboxTitle") }, stage), caption);

  function markOf(field) {
    const [x, y, width, height] = field.box;
    const name = text(`field_${field.name}`);
    const mark = make("button", { type: "button", className: "region", ariaLabel: `${name} ${field.value}`, onclick: () => light(field) });
    const percent = (value, whole) => `${(value / whole) * 100}%`;
    Object.assign(mark.style, { left: percent(x, reading.width), top: percent(y, reading.height), width: percent(width, reading.width), height: percent(height, reading.height) });
    return mark;
  }

  function light(field) {
    for (const { field: other, mark } of marks) {
      mark.classList.toggle("lit", other === field);
      mark.setAttribute("aria-pressed", String(other === field));
      if (other === field) mark.scrollIntoView({ block: "center", inline: "center" });
    }
    caption.textContent = field ? `${text(`field_${field.name}`)} · ${field.value}` : "";
  }

  image.onload = () => light(fields.find((field) => lit && field.name === lit.name && field.value === lit.value) ?? null);
  dialog.querySelector(".close").focus();
  image.onerror = () => (caption.textContent = text("error_file_not_found"));
  image.src = await pictureUrl(file, reading?.page).catch(() => "");
}
