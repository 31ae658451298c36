// Failures of what staff do, in words.
import { errorMessage } from "../../models/failure.js";

/** The sentence for an error of one of the desk's routes. */
export function failureText(error, { text, config }) {
  const { assignee, status } = error.details ?? {};
  if (error.code === "handoff_taken") {
    if (status === "claimed") return text("takenBy", { name: assignee });
    return text(status === "resolved" ? "takenResolved" : "takenBack");
  }
  return errorMessage(error, text, config.limits);
}
