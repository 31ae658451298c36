// One conversation with the desk: asks, relays what comes to whoever listens, resumes, stops. No DOM here.
//
// Events: opened · asked(turn) · answering({turn, phase}) · progress({turn, phase}) · answered(turn) · stopped(turn) ·
// failed({turn, error}) · idle · changed({id, removed}) · feedback({answer, rating}) · handoff · insert(turn).
import { apply, newConversation, newTurn, phaseOf, toMessages } from "../models/conversation.js";

const RETRIES_AFTER_CUT_MS = [300, 1000, 2500];
const AWAY = new Set(["upstream_unavailable", "queue_full"]);

export class Session extends EventTarget {
  #desk;
  #history;
  #tab;
  #abort = null;
  #turn = null; // the answer that is being written
  #leaving = false;
  conversation = newConversation();

  /** `tab`: what this tab alone remembers over a reload (state/tab.js). */
  constructor(desk, history, tab) {
    super();
    this.#desk = desk;
    this.#history = history;
    this.#tab = tab;
  }

  get busy() {
    return this.#abort !== null;
  }

  /** What this tab had open, else the newest; an answer that was being written is picked up again. */
  async start() {
    const pending = this.#tab?.pending;
    const found = await this.#remembered();
    if (!found) return;
    await this.open(found);
    const last = this.conversation.turns.at(-1);
    if (last?.writing) await this.#goOn(last);
    else if (pending && pending.conversation === found.id && last?.role === "user") await this.#goOn(this.#push(pending.answer));
    else if (last?.role === "user") this.#failed(this.#push(), { code: "cut", message: "" });
  }

  /** A conversation of which the gateway has stored nothing yet is this tab's to remember. */
  async #remembered() {
    const wanted = this.#tab?.conversation;
    const unsent = wanted && this.#tab.unsentOf(wanted);
    const mine = unsent && { id: wanted, title: unsent.title, turns: [] };
    try {
      return (wanted && (await this.#history.get(wanted))) || mine || (await this.#newest());
    } catch (error) {
      if (mine) return mine;
      throw error;
    }
  }

  async #newest() {
    const [newest] = (await this.#history.page()).data;
    return newest && (newest.turns?.length >= 0 ? newest : this.#history.get(newest.id));
  }

  /** Opens a conversation, or one that the history knows by its summary; none: a new one. Resolves once it is shown. */
  async open(conversation = newConversation()) {
    this.stop();
    this.#abort = null; // what still comes for the conversation that is left concerns no listener
    const whole = Array.isArray(conversation.turns) ? conversation : await this.#history.get(conversation.id);
    this.conversation = whole ?? newConversation();
    withUnsent(this.conversation, this.#tab?.unsentOf(this.conversation.id));
    this.#tab?.remember(this.conversation.id);
    this.#say("opened");
  }

  /** `replaces`: a turn of the user that this question takes the place of, with everything after it. */
  async ask(text, files, { replaces = null } = {}) {
    const turn = newTurn("user", text, { files, at: Date.now() });
    const { conversation } = this;
    if (replaces) this.#cut(conversation.turns.indexOf(replaces));
    conversation.title ||= text.slice(0, 40);
    conversation.turns.push(turn);
    this.#history.save(conversation);
    this.#tab?.remember(conversation.id);
    if (replaces) this.#say("opened");
    else this.#say("asked", turn);
    await this.#answer(replaces?.stored);
  }

  /** Asks the last question again, in place of its answer. */
  async retry() {
    const { turns } = this.conversation;
    const question = turns.findLast((turn) => turn.role === "user");
    if (!question || this.busy) return;
    this.#cut(turns.indexOf(question) + 1);
    this.#say("opened");
    await this.#answer(question.stored);
  }

  async rename(id, title) {
    await this.#history.rename(id, title);
    if (id === this.conversation.id) this.conversation.title = title;
    this.#say("changed", { id });
  }

  async remove(id) {
    if (id === this.conversation.id) await this.open();
    await this.#history.remove(id);
    this.#tab?.keepUnsent(id, null);
    this.#say("changed", { id, removed: true });
  }

  stop() {
    if (this.#abort && this.#turn?.answer) this.#desk.stop(this.#turn.answer).catch(() => {});
    this.#abort?.abort();
  }

  /** The page goes: a stream that breaks now is no failure, and its answer is picked up by whoever comes next. */
  leave() {
    this.#leaving = true;
  }

  async rate(turn, rating, reason = "") {
    await this.#desk.rate(turn.answer, rating, reason);
    Object.assign(turn, { rating, reason });
    this.#say("feedback", { answer: turn.answer, rating });
  }

  async handOff(note = "") {
    const handoff = await this.#desk.handOff(this.conversation.id, note);
    this.#say("handoff", handoff);
    return handoff;
  }

  insert(turn) {
    this.#say("insert", turn);
  }

  #cut(from) {
    const { conversation } = this;
    conversation.removed ??= new Set();
    for (const turn of conversation.turns.splice(from)) conversation.removed.add(turn.id);
  }

  /** Kept from the moment it is asked, as it may be refused before anything is stored, until it is stored or answered. */
  #keepUnsent({ id, title }, question, turn, over = false) {
    if (!this.#tab || !question) return;
    const done = question.stored || (over && !turn.failure && !turn.stopped);
    this.#tab.keepUnsent(id, done ? null : { title, turns: over ? [question, turn] : [question] });
  }

  #push(answer) {
    const turn = newTurn("assistant", "", { at: Date.now(), ...(answer && { answer }) });
    this.conversation.turns.push(turn);
    return turn;
  }

  async #answer(replaces) {
    const { turns, id } = this.conversation;
    const body = { model: "sightdesk", stream: true, conversation_id: id, messages: toMessages(turns), ...(replaces && { metadata: { replaces } }) };
    await this.#follow(this.#push(), (signal) => this.#desk.ask(body, signal));
  }

  /** An answer that another page of ours began to read: all of it again. */
  async #goOn(turn) {
    turn.text = "";
    delete turn.writing;
    await this.#follow(turn, (signal) => this.#desk.resume(turn.answer, 0, signal), "resuming");
  }

  async #follow(turn, open, first) {
    const { conversation } = this; // another may be opened while this one is answered
    const question = conversation.turns.at(-2);
    const hasFiles = Boolean(question?.files?.length);
    const abort = (this.#abort = new AbortController());
    this.#turn = turn;
    const mine = () => this.#abort === abort;
    this.#keepUnsent(conversation, question, turn);
    this.#say("answering", { turn, phase: first ? { key: first } : phaseOf(turn, null, hasFiles) });
    try {
      const again = () => mine() && this.#say("progress", { turn, phase: { key: "reconnecting" } });
      for await (const event of this.#unbroken(turn, open, abort.signal, again)) {
        apply(turn, event, question);
        if (event.sightdesk?.conversation) this.#keepUnsent(conversation, question, turn);
        if (turn.answer && mine()) this.#tab?.began(conversation.id, turn.answer);
        if (mine()) this.#say("progress", { turn, phase: phaseOf(turn, event, hasFiles) });
      }
      if (mine()) this.#say("answered", turn);
    } catch (error) {
      if (this.#leaving) return;
      if (!abort.signal.aborted) {
        if (AWAY.has(error.code)) error.engine = await this.#engineState();
        const until = error.retryAfter && Date.now() + 1000 * error.retryAfter; // a moment: it outlives redrawing and a reload
        turn.failure = { code: error.code, message: error.message, ...(until && { until }), ...(error.engine && { engine: error.engine }) };
        if (mine()) this.#say("failed", { turn, error });
      } else {
        turn.stopped = true;
        if (mine()) this.#say("stopped", turn);
      }
    } finally {
      if (!this.#leaving) this.#end(conversation, question, turn, abort);
    }
  }

  #end(conversation, question, turn, abort) {
    if (this.#abort === abort) this.#abort = null;
    this.#keepUnsent(conversation, question, turn, true);
    this.#tab?.ended(turn.answer);
    this.#history.save(conversation);
    this.#say("idle");
  }

  /** The events of an answer; where the line breaks, or falls silent, it is taken up again at the next event while the answer lives. */
  async *#unbroken(turn, open, signal, again) {
    let seen = 0;
    let tries = 0;
    for (;;) {
      try {
        for await (const event of open(signal)) {
          seen += 1;
          tries = 0;
          yield event;
        }
        return;
      } catch (error) {
        const broken = ["cut", "silent"].includes(error.code) || (error.code === "network" && seen > 0);
        if (!broken || !turn.answer || signal.aborted || tries >= RETRIES_AFTER_CUT_MS.length) throw tries ? cut(error) : error;
        again();
        await pause(RETRIES_AFTER_CUT_MS[tries++], signal);
        const from = seen;
        open = (line) => this.#desk.resume(turn.answer, from, line);
      }
    }
  }

  async #engineState() {
    try {
      const { engine_state: state } = await this.#desk.config();
      return state.ready ? null : state;
    } catch {
      return null;
    }
  }

  #failed(turn, error) {
    turn.failure = error;
    this.#say("opened");
  }

  #say(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Puts back what this tab alone knows, unless the question had come through before the line broke. */
function withUnsent({ turns }, unsent) {
  if (!unsent) return;
  const [question] = unsent.turns;
  const last = turns.findLast((turn) => turn.role === "user");
  const { failure, stopped, writing } = turns.at(-1) ?? {};
  const came = last?.text === question.text && (failure || stopped || writing);
  if (!came && !turns.some((turn) => turn.id === question.id)) turns.push(...unsent.turns);
}

// An answer that is over when we come back, or a line that stays down: to the reader, the answer broke off.
const cut = (error) => (["not_found", "network", "silent"].includes(error.code) ? Object.assign(new Error("cut"), { code: "cut" }) : error);

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); reject(new DOMException("aborted", "AbortError")); }, { once: true });
  });
}
