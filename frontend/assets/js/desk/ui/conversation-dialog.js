// A conversation in a dialog, as the inbox shows it.
import { addTexts } from "../../lib/texts.js";
import { make, openDialog } from "../../ui/dom.js";
import { inboxTexts } from "../lib/texts/inbox.js";
import { readingsOf } from "../models/transcript.js";
import { fill } from "./report-parts.js";
import { drawTranscript } from "./transcript.js";

/** `id`: the conversation's. `services`: as a view gets them. */
export function openConversation(id, services) {
  const { api, text } = services;
  addTexts(inboxTexts);
  const title = text("conversationTitle");
  const { dialog, body } = openDialog("conversation", title, text("close"));
  const loading = fill(
    body,
    () => api.read(`conversations/${encodeURIComponent(id)}`),
    ({ title: name, messages }) => {
      dialog.querySelector("h2").textContent = name || title;
      const said = make("div", { className: "transcript", tabIndex: 0 });
      const readings = () => readingsOf(messages);
      drawTranscript(said, messages, { ...services, conversation: id, readings });
      return said;
    },
    text,
  );
  dialog.addEventListener("close", loading.stop);
}
