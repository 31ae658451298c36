// The gateway's routes for staff. Each view adds its own in a module beside this one.
import { ApiClient, asJson } from "../../api/client.js";
import { pathOf } from "../lib/addresses.js";

export class DeskClient extends ApiClient {
  /** `path`: behind /api/desk/. `query`: a plain object; empty values are left out. */
  read(path, query = {}) {
    return this.json(pathOf(path, query));
  }

  send(path, body = {}) {
    return this.json(pathOf(path), asJson("POST", body));
  }

  remove(path) {
    return this.json(pathOf(path), { method: "DELETE" });
  }

  /** What happens at the desk from now on, or behind `position.id`, kept up to date. */
  live(position, { onOpen, signal }) {
    const headers = position.id ? { "last-event-id": position.id } : {};
    return this.events(pathOf("events"), { headers }, signal, { position, onOpen });
  }
}
