// The conversation that is shown, and every answer that is being written, shown or not. No DOM here.
//
// Events, each with the `conversation` that it belongs to, which need not be the one that is shown (`isShown`):
// asked({turn}) · answering({turn, phase, since}) · progress({turn, phase}) · answered({turn}) · stopped({turn}) ·
// failed({turn, error}) · idle · feedback({answer, rating}) · handoff({handoff}) · insert({turn}).
// opened and changed({removed}) are of the conversation alone.
import { apply, newConversation, newTurn, phaseOf, toMessages } from "../models/conversation.js";
import { unbroken } from "../lib/sse.js";

const AWAY = new Set(["upstream_unavailable", "queue_full"]);

export class Session extends EventTarget {
  #desk;
  #history;
  #tab;
  #maxText;
  #runs = new Map(); // the answers that are being written, by their conversation's id
  #openings = 0;
  #leaving = false;
  conversation = newConversation();

  /** `tab`: what this tab alone remembers over a reload (state/tab.js). `maxText`: the most characters of one request. */
  constructor(desk, history, tab, { maxText = Infinity } = {}) {
    super();
    this.#desk = desk;
    this.#history = history;
    this.#tab = tab;
    this.#maxText = maxText;
  }

  /** Whether the conversation that is shown is being answered. */
  get busy() {
    return this.isAnswering(this.conversation);
  }

  isAnswering({ id }) {
    return this.#runs.has(id);
  }

  isShown({ id }) {
    return id === this.conversation.id;
  }

  /** What this tab had open, else the newest; answers that were being written are resumed. */
  async start() {
    const pending = Object.entries(this.#tab?.answers ?? {});
    const found = await this.#remembered();
    if (found) await this.open(found);
    await Promise.all([this.#pickUp(found), ...pending.map(([id, answer]) => this.#pickUpAway(id, answer))]);
  }

  /** The answer that was being written in the conversation that is open now. */
  async #pickUp(found) {
    if (!found) return;
    const { conversation } = this;
    const answer = this.#tab?.answers[conversation.id];
    if (!this.busy && conversation.turns.at(-1)?.role === "user") {
      if (answer) this.#goOn(conversation, this.#push(conversation, answer));
      else this.#failed(this.#push(conversation), { code: "cut" });
    }
    await this.#runs.get(conversation.id)?.done;
  }

  /** One that was being written in a conversation that this tab had left. */
  async #pickUpAway(id, answer) {
    if (id === this.conversation.id) return;
    const conversation = await this.#history.get(id).catch(() => null);
    const last = conversation?.turns.at(-1);
    if (!conversation || this.#runs.has(id)) return this.#tab.ended(answer);
    if (last?.writing) await this.#goOn(conversation, last);
    else if (last?.role === "user") await this.#goOn(conversation, this.#push(conversation, answer));
    else this.#tab.ended(answer);
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

  /**
   * Opens a conversation, or one that the history knows by its summary; none: a new one. Resolves once it is shown, or once
   * another was opened meanwhile. Answers that are being written elsewhere go on.
   */
  async open(conversation = newConversation()) {
    const mine = ++this.#openings;
    const whole = Array.isArray(conversation.turns) ? conversation : await this.#history.get(conversation.id);
    if (mine !== this.#openings) return;
    const run = this.#runs.get(conversation.id);
    this.conversation = run?.conversation ?? whole ?? newConversation();
    if (!run) withUnsent(this.conversation, this.#tab?.unsentOf(this.conversation.id));
    this.#tab?.remember(this.conversation.id);
    this.#say("opened", this.conversation);
    const last = this.conversation.turns.at(-1);
    if (run) this.#say("answering", this.conversation, { turn: run.turn, phase: run.phase, since: run.since });
    else if (last?.writing) this.#goOn(this.conversation, last);
  }

  /**
   * `conversation`: where the question was written, which need not be the one that is shown. `replaces`: a turn of the user
   * that this question takes the place of, with everything after it.
   */
  async ask(text, files, { replaces = null, conversation = this.conversation } = {}) {
    if (this.isShown(conversation)) conversation = this.conversation;
    if (this.isAnswering(conversation)) return;
    const turn = newTurn("user", text, { files, at: Date.now() });
    if (replaces) this.#cut(conversation, conversation.turns.indexOf(replaces));
    conversation.title ||= text.slice(0, 40);
    conversation.turns.push(turn);
    this.#history.save(conversation);
    if (this.isShown(conversation)) this.#tab?.remember(conversation.id);
    if (replaces) this.#say("opened", conversation);
    else this.#say("asked", conversation, { turn });
    await this.#answer(conversation, turn, replaces?.stored);
  }

  /** Asks the last question again, in place of its answer. */
  async retry() {
    const { conversation } = this;
    const question = conversation.turns.findLast((turn) => turn.role === "user");
    if (!question || this.busy) return;
    this.#cut(conversation, conversation.turns.indexOf(question) + 1);
    this.#say("opened", conversation);
    await this.#answer(conversation, question, question.stored);
  }

  async rename(id, title) {
    await this.#history.rename(id, title);
    for (const one of [this.conversation, this.#runs.get(id)?.conversation]) if (one?.id === id) one.title = title;
    this.#say("changed", { id });
  }

  async remove(id) {
    const run = this.#runs.get(id);
    if (run) run.removed = true;
    this.stop({ id });
    if (id === this.conversation.id) await this.open();
    await this.#history.remove(id);
    this.#tab?.keepUnsent(id, null);
    this.#say("changed", { id }, { removed: true });
  }

  stop({ id } = this.conversation) {
    const run = this.#runs.get(id);
    if (run?.turn.answer) this.#desk.stop(run.turn.answer).catch(() => {});
    run?.abort.abort();
  }

  /** The page goes: a stream that breaks now is no failure, and the next page resumes its answer. */
  leave() {
    this.#leaving = true;
  }

  async rate(turn, rating, reason = "") {
    const { conversation } = this;
    await this.#desk.rate(turn.answer, rating, reason);
    Object.assign(turn, { rating, reason });
    this.#say("feedback", conversation, { answer: turn.answer, rating });
  }

  async handOff(note = "") {
    const { conversation } = this;
    const handoff = await this.#desk.handOff(conversation.id, note);
    this.#say("handoff", conversation, { handoff });
    return handoff;
  }

  insert(turn) {
    this.#say("insert", this.conversation, { turn });
  }

  #cut(conversation, from) {
    const cut = conversation.turns.splice(from).map((turn) => turn.id);
    conversation.removed = [...(conversation.removed ?? []), ...cut];
  }

  /** Kept from the moment it is asked, as it may be refused before anything is stored, until it is stored or answered. */
  #keepUnsent({ id, title }, question, turn, over = false) {
    if (!this.#tab || !question) return;
    const done = question.stored || (over && !turn.failure && !turn.stopped);
    this.#tab.keepUnsent(id, done ? null : { title, turns: over ? [question, turn] : [question] });
  }

  #push({ turns }, answer) {
    const turn = newTurn("assistant", "", { at: Date.now(), ...(answer && { answer }) });
    turns.push(turn);
    return turn;
  }

  #answer(conversation, question, replaces) {
    const messages = toMessages(conversation.turns, this.#maxText);
    const body = { model: "sightdesk", stream: true, conversation_id: conversation.id, messages, ...(replaces && { metadata: { replaces } }) };
    return this.#follow(conversation, question, this.#push(conversation), (signal) => this.#desk.ask(body, signal));
  }

  /** An answer that another page of ours began to read, from its first event. */
  #goOn(conversation, turn) {
    turn.text = "";
    delete turn.writing;
    const question = conversation.turns[conversation.turns.indexOf(turn) - 1];
    return this.#follow(conversation, question, turn, (signal) => this.#desk.resume(turn.answer, 0, signal), "resuming");
  }

  #follow(conversation, question, turn, open, first) {
    const hasFiles = Boolean(question?.files?.length);
    const phase = first ? { key: first } : phaseOf(turn, null, hasFiles);
    const run = { conversation, turn, phase, since: performance.now(), abort: new AbortController(), removed: false };
    this.#runs.set(conversation.id, run);
    this.#keepUnsent(conversation, question, turn);
    this.#say("answering", conversation, { turn, phase, since: run.since });
    run.done = this.#read(run, question, open, hasFiles);
    return run.done;
  }

  async #read(run, question, open, hasFiles) {
    const { conversation, turn, abort } = run;
    const progress = (phase) => this.#say("progress", conversation, { turn, phase: (run.phase = phase) });
    try {
      const again = () => progress({ key: "reconnecting" });
      const resume = (from, signal) => (turn.answer ? this.#desk.resume(turn.answer, from, signal) : null);
      for await (const event of unbroken({ open, resume, signal: abort.signal, again })) {
        apply(turn, event, question);
        if (event.sightdesk?.conversation) this.#keepUnsent(conversation, question, turn);
        if (turn.answer) this.#tab?.began(conversation.id, turn.answer);
        progress(phaseOf(turn, event, hasFiles));
      }
      this.#end(run, question, "answered");
    } catch (error) {
      if (this.#leaving) return;
      if (abort.signal.aborted) turn.stopped = true;
      else turn.failure = await this.#failureOf(error);
      this.#end(run, question, turn.stopped ? "stopped" : "failed", error);
    }
  }

  async #failureOf(error) {
    const { code, details = {}, request = "", retryAfter } = error;
    const engine = AWAY.has(code) ? await this.#engineState() : null;
    if (engine) error.engine = engine;
    const until = retryAfter && Date.now() + 1000 * retryAfter; // a moment: it outlives redrawing and a reload
    return { code: code ?? "other", details, request, ...(until && { until }), ...(engine && { engine }) };
  }

  #end({ conversation, turn, removed }, question, how, error) {
    this.#runs.delete(conversation.id);
    if (!removed) this.#keepUnsent(conversation, question, turn, true);
    this.#tab?.ended(turn.answer);
    this.#say(how, conversation, { turn, ...(how === "failed" && { error }) });
    if (!removed) this.#history.save(conversation);
    this.#say("idle", conversation);
  }

  async #engineState() {
    try {
      const { engine_state: state } = await this.#desk.config();
      return state.ready ? null : state;
    } catch {
      return null;
    }
  }

  #failed(turn, failure) {
    turn.failure = failure;
    this.#say("opened", this.conversation);
  }

  #say(type, conversation, more = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail: { conversation, ...more } }));
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
