// Asks how a hand-over ended.
import { askChoice } from "../choice-dialog.js";

/** Resolves to {outcome: "solved" or "unsolved", note}, or null. */
export async function askOutcome(text) {
  const given = await askChoice({
    title: text("resolveTitle"),
    choices: ["solved", "unsolved"].map((value) => ({ value, label: text(`outcome_${value}`) })),
    label: text("resolveNote"),
    submit: text("do_resolve"),
    maxLength: 2000,
    text,
  });
  return given && { outcome: given.choice, note: given.note };
}
