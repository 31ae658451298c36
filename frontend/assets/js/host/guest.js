// Who the host says is here. Shown and nothing more: what anybody may see comes from the token.
import { fileOf } from "./protocol.js";

export function showGuest(bar, { name, avatar }) {
  bar.querySelector(".guest")?.remove();
  const guest = Object.assign(document.createElement("span"), { className: "engine guest" });
  guest.style.flexShrink = 0;
  // Pictures of other hosts are not loaded (img-src): an avatar comes as its bytes or not at all.
  if (avatar) {
    const face = Object.assign(new Image(24, 24), { src: URL.createObjectURL(fileOf(avatar)), alt: "" });
    face.onload = face.onerror = () => URL.revokeObjectURL(face.src);
    Object.assign(face.style, { borderRadius: "50%", verticalAlign: "middle", marginRight: "6px" });
    guest.append(face);
  }
  guest.append(name);
  bar.querySelector(".spring").after(guest);
}
