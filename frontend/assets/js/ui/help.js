// The keyboard's sheet.
import { make, openDialog } from "./parts.js";

const KEYS = [["Enter", "key_send"], ["Shift + Enter", "key_break"], ["/", "key_focus"], ["Esc", "key_stop"], ["Ctrl + K", "key_search"], ["Alt + N", "key_new"], ["Alt + U", "key_attach"], ["?", "key_help"]];

export function openHelp(text) {
  const { body } = openDialog("help", text("help"), text("close"));
  const list = make("dl");
  for (const [keys, words] of KEYS) list.append(make("dt", {}, ...keys.split(" + ").map((key) => make("kbd", { textContent: key }))), make("dd", { textContent: text(words) }));
  body.append(list);
}
