// Asks a person how an action with an unknown result really ended.
import { askChoice } from "../choice-dialog.js";

/** Resolves to {outcome: "done" or "failed", note}, or null. */
export async function askSettlement(text) {
  const given = await askChoice({
    title: text("settleTitle"),
    choices: ["done", "failed"].map((value) => ({ value, label: text(`settle_${value}`) })),
    label: text("settleNote"),
    submit: text("settle"),
    isRequired: true,
    maxLength: 500,
    text,
  });
  return given && { outcome: given.choice, note: given.note };
}
