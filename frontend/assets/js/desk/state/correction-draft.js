// A correction that is being written: tried before it is kept, and taken back if it was wrong.

/** Events: `changed`. */
export class CorrectionDraft extends EventTarget {
  #api;
  #answer;
  #triedAs = "";

  text;
  questions;
  tries = [];
  trial = null; // what the last trial told, as the gateway's list
  kept = null; // the correction, once it is kept
  isBusy = false;
  error = null;

  /** `api`: a DeskClient. `answer`: the id of the answer that is corrected. */
  constructor(api, { answer, text = "", questions = [] }) {
    super();
    this.#api = api;
    this.#answer = answer;
    this.text = text;
    this.questions = [...questions];
  }

  /** `values`: text, questions or tries. */
  change(values) {
    Object.assign(this, values);
    this.#tell();
  }

  /** Whether there is something to try. */
  get isWhole() {
    return Boolean(this.text.trim() && this.questions.length);
  }

  /** Whether what stands here now has been tried. */
  get isTried() {
    return this.trial !== null && this.#triedAs === this.#content();
  }

  async try() {
    const content = this.#content();
    await this.#during(async () => {
      const body = { ...this.#body(), tries: this.tries };
      this.trial = await this.#api.send("corrections/preview", body);
      this.#triedAs = content;
    });
  }

  /** Does nothing before a trial. */
  async keep() {
    if (!this.isTried) return;
    await this.#during(async () => {
      this.kept = await this.#api.send("corrections", this.#body());
    });
  }

  async takeBack() {
    await this.#during(async () => {
      await this.#api.remove(`corrections/${encodeURIComponent(this.kept.id)}`);
      this.kept = null;
    });
  }

  #body() {
    return { answer: this.#answer, text: this.text.trim(), questions: this.questions };
  }

  #content() {
    return JSON.stringify(this.#body());
  }

  async #during(work) {
    if (this.isBusy) return;
    this.isBusy = true;
    this.error = null;
    this.#tell();
    try {
      await work();
    } catch (error) {
      this.error = error;
    }
    this.isBusy = false;
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("changed"));
  }
}
