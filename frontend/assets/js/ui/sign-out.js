// The button that ends a session of single sign-on, beside the theme's.
import { errorMessage } from "../models/failure.js";
import { make, toast } from "./dom.js";

/** `path`: the route that signs out. */
export function mountSignOut(path, { api, text }) {
  const button = make("button", { type: "button", className: "icon-button words", id: "sign-out" });
  const label = () => (button.textContent = text("signOut"));

  button.onclick = async () => {
    button.disabled = true;
    try {
      const { location: next } = await api.json(path, { method: "POST" });
      location.assign(next); // the provider ends its session too
    } catch (error) {
      button.disabled = false;
      toast(errorMessage(error, text));
    }
  };
  text.follow(label);
  label();
  document.getElementById("theme").after(button);
}
