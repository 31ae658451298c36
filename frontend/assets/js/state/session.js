// The conversation that is shown, and every answer that is being written, shown or not.
//
// Events, each with the `conversation` that it belongs to, which may not be shown (`isShown`):
// asked({turn}) · answering({turn, phase, since}) · progress({turn, phase}) · answered({turn}) ·
// stopped({turn}) · failed({turn, error}) · idle · feedback({answer, rating}) ·
// insert({turn, as}) · opened · changed({removed}) · withdrawn({turn}), where a person answers ·
// action({action}), noticed({turn}) (state/actions.js) · handoff({handoff}), said({turn}),
// handoffChanged({notice}) (state/handoffs.js).
import { reconnecting } from "../lib/sse.js";
import {
  apply,
  isToPerson,
  lastSaid,
  newConversation,
  newTurn,
  phaseOf,
  questionOf,
  toRequest,
} from "../models/conversation.js";
import { failureOf, withEngineState } from "../models/failure.js";
import { lastOpen } from "./history.js";

export class Session extends EventTarget {
  #api;
  #history;
  #tab;
  #maxText;
  #runs = new Map(); // answers that are being written, by conversation id: see #follow
  #openings = 0;
  #leaving = false;
  conversation = newConversation();

  /**
   * `tab`: what this tab remembers over a reload (state/tab-state.js), or nothing. `maxText`: the
   * most characters of one request.
   */
  constructor(api, history, tab, { maxText = Infinity } = {}) {
    super();
    this.#api = api;
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

  /** Opens what this tab had open, else the newest, and resumes the answers it was reading. */
  async start() {
    const pending = Object.entries(this.#tab?.answers ?? {});
    const found = await lastOpen(this.#history, this.#tab);
    if (found) await this.open(found);
    const elsewhere = pending.map(([id, answer]) => this.#resumeElsewhere(id, answer));
    await Promise.all([this.#resumeHere(found), ...elsewhere]);
  }

  /** Resumes the answer of the open conversation, or shows that it was cut off. */
  async #resumeHere(found) {
    if (!found) return;
    const { conversation } = this;
    const answer = this.#tab?.answers[conversation.id];
    const last = lastSaid(conversation.turns);
    if (!this.busy && last?.role === "user" && !isToPerson(conversation.turns, last)) {
      const turn = this.#pushAnswer(conversation, answer);
      if (answer) this.#resume(conversation, turn);
      else {
        turn.failure = { code: "cut" };
        this.#emit("opened", conversation);
      }
    }
    await this.#runs.get(conversation.id)?.done;
  }

  /** Resumes an answer in a conversation that this tab had left. */
  async #resumeElsewhere(id, answer) {
    if (id === this.conversation.id) return;
    const conversation = await this.#history.get(id).catch(() => null);
    const last = conversation && lastSaid(conversation.turns);
    if (!conversation || this.#runs.has(id)) this.#tab.ended(answer);
    else if (last?.writing) await this.#resume(conversation, last);
    else if (last?.role === "user") {
      await this.#resume(conversation, this.#pushAnswer(conversation, answer));
    } else this.#tab.ended(answer);
  }

  /**
   * Opens a conversation or a summary of the history; by default a new conversation. Resolves once
   * it is shown, or once another was opened meanwhile. Answers elsewhere go on.
   */
  async open(conversation = newConversation()) {
    const opening = ++this.#openings;
    const { id, turns } = conversation;
    const whole = Array.isArray(turns) ? conversation : await this.#history.get(id);
    if (opening !== this.#openings) return;
    const run = this.#runs.get(id);
    this.conversation = run?.conversation ?? whole ?? newConversation();
    if (!run) this.#tab?.restoreUnsent(this.conversation);
    this.#tab?.remember(this.conversation.id);
    this.#emit("opened", this.conversation);
    const last = lastSaid(this.conversation.turns);
    if (run) this.#emitAnswering(run);
    else if (last?.writing) this.#resume(this.conversation, last);
  }

  /**
   * Asks a question. `conversation`: where it was written, which may not be shown. `replaces`: a
   * turn of the user that it replaces, together with all turns after it. `corrections`: fields that
   * the person has put right, [{image, name, value, was}].
   */
  async ask(text, files, options = {}) {
    const { replaces = null, corrections, conversation: written = this.conversation } = options;
    const conversation = this.isShown(written) ? this.conversation : written;
    if (this.isAnswering(conversation)) return;
    const more = corrections?.length ? { corrections } : {};
    const turn = newTurn("user", text, { files, at: Date.now(), ...more });
    if (replaces) this.#cut(conversation, conversation.turns.indexOf(replaces));
    conversation.title ||= text.slice(0, 40);
    conversation.turns.push(turn);
    this.#history.save(conversation);
    if (this.isShown(conversation)) this.#tab?.remember(conversation.id);
    if (replaces) this.#emit("opened", conversation);
    else this.#emit("asked", conversation, { turn });
    await this.#answer(conversation, turn, replaces?.stored);
  }

  /** Asks the last question again, in place of its answer. */
  async retry() {
    const { conversation } = this;
    const question = conversation.turns.findLast((turn) => turn.role === "user");
    if (!question || this.busy) return;
    this.#cut(conversation, conversation.turns.indexOf(question) + 1);
    this.#emit("opened", conversation);
    await this.#answer(conversation, question, question.stored);
  }

  async rename(id, title) {
    await this.#history.rename(id, title);
    for (const one of [this.conversation, this.#runs.get(id)?.conversation]) {
      if (one?.id === id) one.title = title;
    }
    this.#emit("changed", { id });
  }

  async remove(id) {
    const run = this.#runs.get(id);
    if (run) run.removed = true;
    this.stop({ id });
    if (id === this.conversation.id) await this.open();
    await this.#history.remove(id);
    this.#tab?.keepUnsent(id, null);
    this.#emit("changed", { id }, { removed: true });
  }

  stop({ id } = this.conversation) {
    const run = this.#runs.get(id);
    if (run?.turn.answer) this.#api.stop(run.turn.answer).catch(() => {});
    run?.abort.abort();
  }

  /** The page is closed: a stream that breaks now is no failure, and the next page resumes it. */
  leave() {
    this.#leaving = true;
  }

  async rate(turn, rating, reason = "") {
    const { conversation } = this;
    await this.#api.rate(turn.answer, rating, reason);
    Object.assign(turn, { rating, reason });
    this.#emit("feedback", conversation, { answer: turn.answer, rating });
  }

  insert(turn, as) {
    this.#emit("insert", this.conversation, { turn, as });
  }

  /** Removes the turns from this index on. Other tabs must not merge them back. */
  #cut(conversation, from) {
    const cut = conversation.turns.splice(from).map((turn) => turn.id);
    conversation.removed = [...(conversation.removed ?? []), ...cut];
  }

  #keepUnsent(conversation, question, turn, isOver = false) {
    if (question) this.#tab?.keepQuestion(conversation, question, turn, isOver);
  }

  #pushAnswer({ turns }, answer) {
    const turn = newTurn("assistant", "", { at: Date.now(), ...(answer && { answer }) });
    turns.push(turn);
    return turn;
  }

  /** `replaces`: the stored id of the question that this one replaces. */
  #answer(conversation, question, replaces) {
    const { corrections } = question;
    const body = toRequest(conversation, this.#maxText, { replaces, corrections });
    const isQuiet = isToPerson(conversation.turns, question);
    const turn = isQuiet ? newTurn("assistant", "") : this.#pushAnswer(conversation);
    const phase = phaseOf(turn, null, hasFiles(question));
    const open = (signal) => this.#api.ask(body, signal);
    return this.#follow({ conversation, turn, phase, isQuiet }, question, open);
  }

  /** Reads an answer that another page of ours began to read, from its first event. */
  #resume(conversation, turn) {
    turn.text = "";
    delete turn.writing;
    const question = questionOf(conversation.turns, turn);
    const open = (signal) => this.#api.resume(turn.answer, 0, signal);
    return this.#follow({ conversation, turn, phase: { key: "resuming" } }, question, open);
  }

  /** `isQuiet`: no answer is expected, since the question is for a person. */
  #follow({ conversation, turn, phase, isQuiet = false }, question, open) {
    const [since, abort] = [performance.now(), new AbortController()];
    const run = { conversation, turn, phase, isQuiet, since, abort, removed: false };
    this.#runs.set(conversation.id, run);
    this.#keepUnsent(conversation, question, turn);
    this.#emitAnswering(run);
    run.done = this.#read(run, question, open);
    return run.done;
  }

  async #read(run, question, open) {
    const { conversation, turn, abort } = run;
    const progress = (phase) => {
      run.phase = phase;
      if (turn.text) this.#show(run);
      if (run.isQuiet) return;
      this.#emit("progress", conversation, { turn, phase });
    };
    const resume = (from, signal) => turn.answer && this.#api.resume(turn.answer, from, signal);
    const onRetry = () => progress({ key: "reconnecting" });
    try {
      for await (const event of reconnecting({ open, resume, signal: abort.signal, onRetry })) {
        apply(turn, event, question);
        if (event.sightdesk?.conversation) this.#keepUnsent(conversation, question, turn);
        if (turn.answer) this.#tab?.began(conversation.id, turn.answer);
        if (event.sightdesk?.confirm) this.#emit("action", conversation, event.sightdesk.confirm);
        progress(phaseOf(turn, event, hasFiles(question)));
      }
      this.#end(run, question, "answered");
    } catch (error) {
      if (this.#leaving) return;
      if (abort.signal.aborted) turn.stopped = true;
      else turn.failure = failureOf(await withEngineState(error, this.#api));
      this.#end(run, question, turn.stopped ? "stopped" : "failed", error);
    }
  }

  /** Shows the answer of a quiet run after all: nobody has the conversation any more. */
  #show(run) {
    if (!run.isQuiet) return;
    run.isQuiet = false;
    run.conversation.turns.push(run.turn);
    this.#emitAnswering(run);
  }

  #end(run, question, how, error) {
    const { conversation, turn, removed } = run;
    if (turn.failure && !question?.stored) this.#show(run);
    this.#runs.delete(conversation.id);
    if (!removed) this.#keepUnsent(conversation, question, turn, true);
    this.#tab?.ended(turn.answer);
    if (run.isQuiet || (turn.handoff && !turn.text)) this.#withdraw(conversation, turn);
    else this.#emit(how, conversation, { turn, ...(how === "failed" && { error }) });
    if (!removed) this.#history.save(conversation);
    this.#emit("idle", conversation);
  }

  /** A person has the conversation: the answer that was expected does not come. */
  #withdraw(conversation, turn) {
    conversation.turns = conversation.turns.filter((one) => one !== turn);
    this.#emit("withdrawn", conversation, { turn });
  }

  #emitAnswering({ conversation, turn, phase, since, isQuiet }) {
    if (!isQuiet) this.#emit("answering", conversation, { turn, phase, since });
  }

  #emit(type, conversation, more = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail: { conversation, ...more } }));
  }
}

const hasFiles = (question) => Boolean(question?.files?.length);
