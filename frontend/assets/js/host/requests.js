// What each request of the host does. A handler returns the reason of a refusal, throws a DeskError, or has done it.
import { isDrawn } from "../models/attachments.js";
import { newConversation, newTurn } from "../models/conversation.js";
import { chooseLocale } from "../lib/texts.js";
import { showGuest } from "./guest.js";
import { fileOf } from "./protocol.js";

export function requestHandlers({ session, desk, history, composer, chrome, previews, text }) {
  /** Uploaded as files at once: no picture's bytes stay in the conversation. */
  async function upload(images = []) {
    return Promise.all((images ?? []).map(async (image) => {
      const file = fileOf(image);
      const stored = await desk.upload(file);
      if (isDrawn(file)) previews.set(stored.id, URL.createObjectURL(file));
      return { id: stored.id, name: stored.filename, type: stored.content_type, size: stored.bytes };
    }));
  }

  return {
    "set-user": (user) => showGuest(document.querySelector(".top"), user),
    "set-locale": ({ locale }) => chrome.setLocale(chooseLocale([locale])),
    "set-theme": ({ theme }) => chrome.setTheme(theme),
    prefill: (payload) => composer.prefill(payload.text),
    "attach-image": (image) => composer.attach(fileOf(image), image.name || "picture"),
    "new-conversation": () => void session.open(),

    async "set-context"({ messages }) {
      const turns = [];
      for (const { role, text: words = "", images } of messages) turns.push(newTurn(role, words ?? "", { files: await upload(images) }));
      return void (await session.open({ ...newConversation(), turns, context: true }));
    },

    async ask({ text: words, images }) {
      if (session.busy) return "busy";
      const files = await upload(images);
      if (session.busy) return "busy"; // the person asked in the meantime
      // Acknowledged when it is asked; the answer comes as message-completed or failed.
      session.ask(words?.trim() || text("defaultQuestion"), files);
    },

    async "open-conversation"({ id }) {
      const found = await history.get(id);
      if (!found) return "not_found";
      await session.open(found);
    },
  };
}
