// The AI at the ticket's side. All that a ticket system has to do to embed SightDesk is in this file.
import { send } from "./server.js";
import { locale } from "./words.js";

export class Assistant {
  #place;
  #agent;
  #desk = null;
  #ticketOf = new Map(); // conversation → ticket: an answer goes into the ticket it was asked for
  #asked = null;

  /** `inserted(ticket, reply)` when the agent clicks "insert into ticket". */
  constructor(place, agent, inserted) {
    this.#place = place;
    this.#agent = agent;
    place.addEventListener("sightdesk:conversation-started", ({ detail }) => this.#ticketOf.set(detail.conversationId, this.#asked));
    place.addEventListener("sightdesk:insert-reply", ({ detail }) => inserted(this.#ticketOf.get(detail.conversationId) ?? this.#asked, detail));
  }

  /** The customer's last question and screenshot as the question, all before it as what went before. */
  async ask(ticket) {
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
  }

  /** Back to what was asked for this ticket; false where nothing was. */
  async show(ticket) {
    const known = [...this.#ticketOf].findLast(([, id]) => id === ticket.id);
    if (!known) return false;
    this.#asked = ticket.id;
    await this.#desk.openConversation({ id: known[0] });
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
