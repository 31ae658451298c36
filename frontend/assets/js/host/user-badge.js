// The user whom the host names. It is only shown: the token alone decides what a user may see.
import { fileOf } from "../lib/picture-file.js";

const AVATAR_SIZE = 24; // pixels

/** `avatar`: a Blob or a data URL; img-src does not allow pictures of other hosts. */
export function showUser(bar, { name, avatar }) {
  bar.querySelector(".host-user")?.remove();
  const badge = Object.assign(document.createElement("span"), { className: "engine host-user" });
  badge.style.flexShrink = 0;
  if (avatar) badge.append(face(avatar));
  badge.append(name);
  bar.querySelector(".spring").after(badge);
}

function face(avatar) {
  const image = new Image(AVATAR_SIZE, AVATAR_SIZE);
  image.src = URL.createObjectURL(fileOf(avatar));
  image.alt = "";
  image.onload = image.onerror = () => URL.revokeObjectURL(image.src);
  const style = { borderRadius: "50%", verticalAlign: "middle", marginRight: "6px" };
  Object.assign(image.style, style);
  return image;
}
