// What one tab remembers over a reload, in session storage: other tabs do not overwrite it.
import { areTurns, lastSaid } from "../models/conversation.js";

const KEY = "sightdesk.tab";

export class TabState {
  #storage;
  #kept = {};

  constructor(storage) {
    this.#storage = storage;
    try {
      this.#kept = validated(JSON.parse(storage.getItem(KEY)));
    } catch {
      // nothing is remembered
    }
  }

  /** The id of the open conversation, or null. */
  get conversation() {
    return this.#kept.conversation ?? null;
  }

  /** {conversation id: answer id} of the answers that were being written. */
  get answers() {
    return this.#kept.answers ?? {};
  }

  /** {title, turns} of a question that the gateway has not stored, with its answer; or null. */
  unsentOf(conversation) {
    return this.#kept.unsent?.[conversation] ?? null;
  }

  /** `unsent` as `unsentOf` returns it; null forgets it. */
  keepUnsent(conversation, unsent) {
    if (!unsent && !this.unsentOf(conversation)) return;
    const { [conversation]: _old, ...others } = this.#kept.unsent ?? {};
    this.#keep({ unsent: unsent ? { ...others, [conversation]: unsent } : others });
  }

  /**
   * Keeps a question in this tab until the gateway has stored it or its answer has ended well.
   * `isOver`: the answer has ended.
   */
  keepQuestion({ id, title }, question, turn, isOver) {
    const isDone = question.stored || (isOver && !turn.failure && !turn.stopped);
    const turns = isOver ? [question, turn] : [question];
    this.keepUnsent(id, isDone ? null : { title, turns });
  }

  /** Appends the unsent turns, unless the question reached the gateway before the line broke. */
  restoreUnsent({ id, turns }) {
    const unsent = this.unsentOf(id);
    if (!unsent) return;
    const [question] = unsent.turns;
    const last = turns.findLast((turn) => turn.role === "user");
    const said = lastSaid(turns);
    const isOpen = said && (said === last || said.failure || said.stopped || said.writing);
    const hasArrived = last?.text === question.text && isOpen;
    const isThere = turns.some((turn) => turn.id === question.id);
    if (!hasArrived && !isThere) turns.push(...unsent.turns);
  }

  /** The text in the question box. */
  get draft() {
    return this.#kept.draft ?? "";
  }

  set draft(draft) {
    this.#keep({ draft });
  }

  /** Uploaded files of the question in the box, {id, name, type, size, pages} each. */
  get files() {
    return this.#kept.files ?? [];
  }

  set files(files) {
    const idsOf = (list) => list.map(({ id }) => id).join();
    if (idsOf(files) !== idsOf(this.files)) this.#keep({ files });
  }

  remember(conversation) {
    if (conversation !== this.conversation) this.#keep({ conversation });
  }

  began(conversation, answer) {
    if (this.answers[conversation] === answer) return;
    this.#keep({ answers: { ...this.answers, [conversation]: answer } });
  }

  ended(answer) {
    const left = Object.entries(this.answers).filter(([, one]) => one !== answer);
    if (left.length === Object.keys(this.answers).length) return;
    this.#keep({ answers: Object.fromEntries(left) });
  }

  #keep(changed) {
    this.#kept = { ...this.#kept, ...changed };
    try {
      this.#storage.setItem(KEY, JSON.stringify(this.#kept));
    } catch {
      // a reload starts anew
    }
  }
}

const isText = (value) => typeof value === "string";
const isFile = (one) =>
  [one?.id, one?.name, one?.type].every(isText) && [one.size, one.pages].every(Number.isFinite);
const isUnsent = (one) => isText(one?.title) && areTurns(one.turns) && one.turns.length > 0;

function entriesOf(value, check) {
  return Object.fromEntries(Object.entries(Object(value)).filter(([, one]) => check(one)));
}

/** The members that have the right form: anybody may have written into the storage. */
function validated(kept) {
  const { conversation, answers, unsent, draft, files } = Object(kept);
  return {
    ...(isText(conversation) && { conversation }),
    ...(isText(draft) && { draft }),
    ...(Array.isArray(files) && { files: files.filter(isFile) }),
    answers: entriesOf(answers, isText),
    unsent: entriesOf(unsent, isUnsent),
  };
}
