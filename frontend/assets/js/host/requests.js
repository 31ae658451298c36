// What each request of the host does. A handler returns the reason of a refusal, throws a DeskError, or has done it.
import { isDrawn, recognised } from "../models/attachments.js";
import { fileFromServer, newConversation, newTurn } from "../models/conversation.js";
import { chooseLocale } from "../lib/texts.js";
import { showGuest } from "./guest.js";
import { fileOf } from "./protocol.js";

export function requestHandlers({ session, desk, history, composer, chrome, text }) {
  /** Uploaded as files at once: no picture's bytes stay in the conversation. Where one is refused, none is kept. */
  async function upload(images) {
    const uploads = await Promise.allSettled((images ?? []).map(async (image) => {
      const file = await recognised(fileOf(image));
      const stored = fileFromServer(await desk.upload(file));
      if (isDrawn(file)) desk.keepPicture(stored.id, URL.createObjectURL(file));
      return stored;
    }));
    const refused = uploads.find(({ status }) => status === "rejected");
    if (!refused) return uploads.map(({ value }) => value);
    for (const { value } of uploads) if (value) desk.removeFile(value.id).catch(() => {});
    throw refused.reason;
  }

  return {
    "set-user": (user) => showGuest(document.querySelector(".top"), user),
    "set-locale": ({ locale }) => chrome.setLocale(chooseLocale([locale])),
    "set-theme": ({ theme }) => chrome.setTheme(theme),
    prefill: (payload) => composer.prefill(payload.text),

    /** Acknowledged once it is on the server, or waits here for "send"; else it is not attached, and this is why. */
    async "attach-image"(image) {
      const { taken: [one], objections: [why] } = await composer.add([fileOf(image)]);
      await one?.uploaded;
      return why?.code ?? one?.error?.code;
    },

    "new-conversation": () => void session.open(),

    async "set-context"({ messages }) {
      const turns = [];
      for (const { role, text: words = "", images } of messages) turns.push(newTurn(role, words ?? "", { files: await upload(images) }));
      return void (await session.open({ ...newConversation(), turns, context: true }));
    },

    async ask({ text: words, images }) {
      const { conversation } = session; // another may be opened while pictures go up
      if (session.busy) return "busy";
      const files = await upload(images);
      if (session.isAnswering(conversation)) return "busy"; // the person asked in the meantime
      // Acknowledged when it is asked; the answer comes as message-completed or failed.
      session.ask(words?.trim() || text("defaultQuestion"), files, { conversation });
    },

    async "open-conversation"({ id }) {
      const found = await history.get(id);
      if (!found) return "not_found";
      await session.open(found);
    },
  };
}
