// What each request of the host does. A handler resolves to a nack's reason or to nothing, or
// throws an ApiError, whose code is the reason.
import { chooseLocale } from "../lib/texts.js";
import { isDrawn, recognised } from "../models/attachments.js";
import { fileFromServer, newConversation, newTurn } from "../models/conversation.js";
import { fileOf } from "../lib/picture-file.js";
import { showUser } from "./user-badge.js";

/** {request type: handler(payload)}. The parameters are the page's parts (main.js). */
export function requestHandlers({ session, api, history, composer, shell, text }) {
  async function uploadOne(image) {
    const file = await recognised(fileOf(image));
    const stored = fileFromServer(await api.upload(file));
    if (isDrawn(file)) api.keepPicture(stored.id, URL.createObjectURL(file));
    return stored;
  }

  /** Resolves to the stored files. Where one is refused, the others are deleted again. */
  async function upload(images) {
    const uploads = await Promise.allSettled((images ?? []).map(uploadOne));
    const refused = uploads.find(({ status }) => status === "rejected");
    if (!refused) return uploads.map(({ value }) => value);
    for (const { value } of uploads) if (value) api.removeFile(value.id).catch(() => {});
    throw refused.reason;
  }

  return {
    "set-user": (user) => showUser(document.querySelector(".top"), user),
    "set-locale": ({ locale }) => shell.setLocale(chooseLocale([locale])),
    "set-theme": ({ theme }) => shell.setTheme(theme),
    prefill: (payload) => composer.prefill(payload.text),

    /** Answered once the picture is on the server, or is held until "send". */
    async "attach-image"(image) {
      const { taken, objections } = await composer.add([fileOf(image)]);
      await taken[0]?.uploaded;
      return objections[0]?.code ?? taken[0]?.error?.code;
    },

    "new-conversation": () => void session.open(),
    "open-menu": () => shell.openMenu(),

    async "set-context"({ messages }) {
      const turns = [];
      for (const { role, text: words, images } of messages) {
        turns.push(newTurn(role, words ?? "", { files: await upload(images) }));
      }
      await session.open({ ...newConversation(), turns, context: true });
    },

    /** Answered when the question is asked; its answer is an event of its own. */
    async ask({ text: words, images }) {
      const { conversation } = session; // another may be opened during the upload
      if (session.busy) return "busy";
      const files = await upload(images);
      if (session.isAnswering(conversation)) return "busy"; // the person asked meanwhile
      session.ask(words?.trim() || text("defaultQuestion"), files, { conversation });
    },

    async "open-conversation"({ id }) {
      const found = await history.get(id);
      if (!found) return "not_found";
      await session.open(found);
    },
  };
}
