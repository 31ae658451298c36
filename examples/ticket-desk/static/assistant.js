// The assistant beside a ticket: everything that a ticket system does to embed SightDesk.
import { send } from "./server.js";
import { locale } from "./words.js";

export class Assistant {
  #place;
  #agent;
  #desk = null;
  #asked = null; // id of the ticket whose conversation begins
  #last = Promise.resolve();
  #begun = null;

  /** `insert(reply)` resolves once "insert into ticket" is done; the desk shows why it fails. */
  constructor(place, agent, insert) {
    this.#place = place;
    this.#agent = agent;
    // The server stores which conversation belongs to which ticket: a reload forgets it here.
    place.addEventListener("sightdesk:conversation-started", ({ detail }) => {
      this.#begun =
        this.#asked === null
          ? null
          : send(`/api/tickets/${this.#asked}/conversations`, {
              conversation: detail.conversationId,
            });
    });
    place.addEventListener("sightdesk:insert-reply", (event) =>
      event.waitUntil(insert(event.detail)),
    );
  }

  /** Asks in turn: a second ticket must not get into the first one's conversation. */
  ask(ticket) {
    return (this.#last = this.#last.catch(() => {}).then(() => this.#hand(ticket)));
  }

  /** Asks the customer's last message; everything before it is the context. */
  async #hand(ticket) {
    this.#desk ??= window.SightDesk.mount(this.#place, {
      token: async () => (await send("/api/sightdesk-token", {})).token,
      user: { name: this.#agent },
      agent: true,
      insert: "note",
      locale,
    });
    const last = ticket.messages.findLastIndex((message) => message.role === "customer");
    const messages = await Promise.all(ticket.messages.slice(0, last).map(toMessage));
    const { text, images } = await toMessage(ticket.messages[last]);
    await this.#desk.setContext({ messages });
    this.#asked = ticket.id;
    await this.#desk.ask({ text, images });
    await this.#begun; // its event comes before the question is acknowledged
  }

  /** Opens this ticket's conversation; resolves to false where there is none. */
  async show(ticket) {
    if (!this.#desk || !ticket.conversation) return false;
    this.#asked = ticket.id;
    await this.#desk.openConversation({ id: ticket.conversation });
    return true;
  }

  /** After a failed start, so that the next question mounts the desk again. */
  reset() {
    this.#desk?.unmount();
    this.#desk = null;
  }
}

async function toMessage({ role, text, image }) {
  const images = image
    ? [{ name: image, data: await (await fetch(`/screens/${image}`)).blob() }]
    : [];
  return { role: role === "customer" ? "user" : "assistant", text, images };
}
