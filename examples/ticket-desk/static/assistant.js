// The AI at the ticket's side. All that a ticket system has to do to embed SightDesk is in this file.
import { send } from "./server.js";
import { locale } from "./words.js";

export class Assistant {
  #place;
  #agent;
  #desk = null;
  #asked = null; // the ticket beside which a conversation begins
  #last = Promise.resolve();
  #begun = null;

  /** `insert(conversation, reply)`, when the agent clicks "insert into ticket": the desk is told if it fails. */
  constructor(place, agent, insert) {
    this.#place = place;
    this.#agent = agent;
    // Our server keeps which conversation belongs to which ticket: this page forgets it at the next reload.
    place.addEventListener("sightdesk:conversation-started", ({ detail }) => {
      this.#begun = this.#asked === null ? null : send(`/api/tickets/${this.#asked}/conversations`, { conversation: detail.conversationId });
    });
    place.addEventListener("sightdesk:insert-reply", (event) => event.waitUntil(insert(event.detail)));
  }

  /** One question after another: a second ticket's must not get into the first one's conversation. */
  ask(ticket) {
    return (this.#last = this.#last.catch(() => {}).then(() => this.#hand(ticket)));
  }

  /** The customer's last question and screenshot as the question, all before it as what went before. */
  async #hand(ticket) {
    this.#desk ??= window.SightDesk.mount(this.#place, {
      token: async () => (await send("/api/sightdesk-token", {})).token,
      user: { name: this.#agent },
      locale,
    });
    const last = ticket.messages.findLastIndex((message) => message.role === "customer");
    const messages = await Promise.all(ticket.messages.slice(0, last).map(toMessage));
    const { text, images } = await toMessage(ticket.messages[last]);
    await this.#desk.setContext({ messages });
    this.#asked = ticket.id;
    await this.#desk.ask({ text, images });
    await this.#begun; // the desk told it before it acknowledged the question
  }

  /** Back to what was asked for this ticket; false where nothing was, or the desk is not here yet. */
  async show(ticket) {
    if (!this.#desk || !ticket.conversation) return false;
    this.#asked = ticket.id;
    await this.#desk.openConversation({ id: ticket.conversation });
    return true;
  }

  /** After a failed start: the next question begins anew. */
  reset() {
    this.#desk?.unmount();
    this.#desk = null;
  }
}

async function toMessage({ role, text, image }) {
  const images = image ? [{ name: image, data: await (await fetch(`/screens/${image}`)).blob() }] : [];
  return { role: role === "customer" ? "user" : "assistant", text, images };
}
