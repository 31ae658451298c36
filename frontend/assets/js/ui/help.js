// The list of keyboard shortcuts.
import { make, openDialog } from "./dom.js";

const SHORTCUTS = [
  [["Enter"], "key_send"],
  [["Shift", "Enter"], "key_break"],
  [["/"], "key_focus"],
  [["Esc"], "key_stop"],
  [["Ctrl", "K"], "key_search"],
  [["Alt", "N"], "key_new"],
  [["Alt", "U"], "key_attach"],
  [["?"], "key_help"],
];

export function openHelp(text) {
  const { body } = openDialog("help", text("help"), text("close"));
  const rows = SHORTCUTS.flatMap(([keys, textKey]) => {
    const caps = keys.map((key) => make("kbd", { textContent: key }));
    return [make("dt", {}, ...caps), make("dd", { textContent: text(textKey) })];
  });
  body.append(make("dl", {}, ...rows));
}
