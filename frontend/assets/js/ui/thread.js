// The open conversation: its last turns first, earlier ones on scrolling, the growing answer.
import { isHandoffNotice, lastSaid, questionOf } from "../models/conversation.js";
import { dressAnswer, mountWork, noticeTurn, userTurn } from "./answer.js";
import { welcome } from "./app-shell.js";
import { loaded, make, template, topOf } from "./dom.js";

const FIRST_TURNS = 24; // drawn at once; drawing a thousand turns takes seconds
const NEAR_END = 120; // pixels from the end that still count as "at the end"
// Loaded with the first answer, so that the page itself is there sooner.
const loadRenderer = () => import("../render/markdown.js");

/** Shows the open conversation of `services.session` in `element`. */
export function mountThread(element, services) {
  const { session, text, announcer } = services;
  const toBottom = document.getElementById("to-bottom");
  let live = null; // the growing answer: {turn, article, timer, frame, writer}
  let firstDrawn = 0; // index of the first turn that is drawn
  let atEnd = true;
  let followed = null; // the article kept in sight as it grows, until the reader scrolls up
  let lastTop = 0; // scrollTop as this module set it last
  let drawnId = null; // of the conversation
  let markdown = null;
  const articles = new WeakMap(); // of answers, by their turn
  // Pictures and cards of turns come after their text: the newest message stays in sight.
  const laidOut = new ResizeObserver(() => keepEnd());

  /** Offline the renderer may be missing: an answer is then shown as plain text. */
  const load = async () => (markdown ??= await loadRenderer().catch(() => null));

  async function write(bubble, words) {
    if (!markdown) {
      bubble.textContent = words;
      await load();
    }
    markdown?.renderMarkdown(bubble, words);
  }

  /** Draws the open conversation anew; the growing answer keeps its element. */
  function show() {
    const { id, turns } = session.conversation;
    if (live && !turns.includes(live.turn)) dropLive();
    // The same conversation is drawn again after a change of language or by another tab.
    const top = drawnId === id && !atEnd ? element.scrollTop : null;
    if (drawnId !== id) followed = null;
    drawnId = id;
    laidOut.disconnect();
    firstDrawn = Math.max(0, turns.length - FIRST_TURNS);
    element.replaceChildren();
    if (!turns.length) {
      element.append(welcome(services));
      return scrollTo(0);
    }
    element.append(...draw(firstDrawn, turns.length));
    mountEarlier();
    if (top !== null) return scrollTo(top);
    scrollToEnd();
    for (const article of element.children) laidOut.observe(article);
  }

  function draw(from, to) {
    const turns = session.conversation.turns.slice(from, to);
    return turns.map((turn) => {
      if (turn === live?.turn) return live.article;
      return drawn(turn);
    });
  }

  function drawn(turn) {
    if (turn.role === "user") return userTurn(turn, services);
    if (turn.role === "staff" || isHandoffNotice(turn)) return personTurn(turn);
    return turn.notice ? noticeTurn(turn, services) : finishedAnswer(turn);
  }

  /** What people say and do is drawn by a module that is loaded with the first of it. */
  function personTurn(turn) {
    const article = make("article", { className: "turn handoff" });
    withPeople(({ fillPersonTurn }) => {
      fillPersonTurn(article, turn, services);
      if (atEnd && !live) scrollToEnd();
    });
    return article;
  }

  const withPeople = async (act) => act(await loaded(import("./handoffs.js")));
  const lookAtPeople = () => withPeople(({ handoffsOf }) => handoffsOf(services).look());

  function mountEarlier() {
    if (!firstDrawn) return;
    const properties = { type: "button", className: "earlier", textContent: text("more") };
    const more = make("button", { ...properties, onclick: showEarlier });
    element.prepend(more);
    const whenSeen = (entries, observer) => {
      const isSeen = entries.some((entry) => entry.isIntersecting) && more.isConnected;
      if (!isSeen || element.scrollTop > NEAR_END) return;
      observer.disconnect();
      showEarlier();
    };
    new IntersectionObserver(whenSeen, { root: element }).observe(more);
  }

  function showEarlier() {
    element.querySelector(".earlier")?.remove();
    const to = firstDrawn;
    firstDrawn = Math.max(0, to - FIRST_TURNS);
    const fromEnd = element.scrollHeight - element.scrollTop;
    element.prepend(...draw(firstDrawn, to));
    mountEarlier();
    element.scrollTop = element.scrollHeight - fromEnd;
  }

  function finishedAnswer(turn) {
    const article = template("answer-template");
    const bubble = article.querySelector(".bubble");
    bubble.hidden = !turn.text;
    const written = turn.text && write(bubble, turn.text);
    article.querySelector(".status").hidden = true;
    dress(article, turn, written);
    articles.set(turn, article);
    return article;
  }

  function dress(article, turn, written) {
    const { turns } = session.conversation;
    const isLast = turn === lastSaid(turns);
    dressAnswer(article, turn, questionOf(turns, turn), isLast, services, written);
  }

  /** `since`: when the answer began, as `performance.now()` tells it. */
  function beginAnswer({ turn, phase, since }) {
    if (live?.turn === turn) return showPhase(phase); // drawn again with its conversation
    element.querySelector(".welcome")?.remove();
    hideLastActions();
    const article = template("answer-template");
    const elapsed = article.querySelector(".elapsed");
    const tick = () => {
      const seconds = Math.floor((performance.now() - since) / 1000);
      elapsed.textContent = text("seconds", { seconds });
    };
    live = { turn, article, timer: setInterval(tick, 1000), frame: 0, writer: null };
    tick();
    showPhase(phase);
    articles.get(turn)?.remove(); // a resumed answer is shown already, as far as it had come
    element.append(article);
    scrollToEnd();
    followed = article;
    load().then(schedulePaint);
  }

  /** Only the last answer can be regenerated, and a person is asked for at the end alone. */
  function hideLastActions() {
    const selector = ":is(.regenerate, .handoff, .failure)";
    for (const old of element.querySelectorAll(`.turn ${selector}`)) old.hidden = true;
  }

  function showPhase({ key, values }) {
    const words = text(key, values);
    const phase = live.article.querySelector(".phase");
    if (phase.textContent !== words) phase.textContent = words;
  }

  function progress({ turn, phase }) {
    if (live?.turn !== turn) return;
    showPhase(phase);
    mountWork(live.article, turn, services);
    schedulePaint();
  }

  /** At most one paint a frame, however fast tokens come. */
  function schedulePaint() {
    if (live) live.frame ||= requestAnimationFrame(paint);
  }

  function paint() {
    if (!live) return;
    live.frame = 0;
    if (!markdown) return;
    live.writer ??= new markdown.MarkdownWriter(live.article.querySelector(".bubble"));
    live.writer.write(live.turn.text);
    follow();
  }

  function dropLive() {
    clearInterval(live.timer);
    cancelAnimationFrame(live.frame);
    live = null;
  }

  /** Ends the growing answer. Returns {article, written}, or null where there is none. */
  function endAnswer() {
    if (!live) return null;
    const { article, turn } = live;
    dropLive();
    const bubble = article.querySelector(".bubble");
    const written = write(bubble, turn.text);
    bubble.hidden = !turn.text;
    article.querySelector(".status").hidden = true;
    dress(article, turn, written);
    written.then(follow);
    follow();
    return { article, written };
  }

  function scrollTo(top) {
    element.scrollTop = top;
    lastTop = element.scrollTop;
    atEnd = element.scrollHeight - lastTop - element.clientHeight < NEAR_END;
  }

  function scrollToEnd() {
    scrollTo(element.scrollHeight);
  }

  /** Scrolls towards the end, but never past the top of the answer: it is read from there. */
  function follow() {
    if (!followed?.isConnected) return;
    const end = element.scrollHeight - element.clientHeight;
    const top = Math.min(end, topOf(followed, element));
    if (top > element.scrollTop) scrollTo(top);
    toBottom.hidden = end - element.scrollTop < NEAR_END;
  }

  function onScroll() {
    const left = element.scrollHeight - element.scrollTop - element.clientHeight;
    // The reader scrolled up; at the very end it was the content that became shorter.
    const isUp = element.scrollTop < lastTop - 2;
    if (isUp && left > 2) followed = null;
    lastTop = element.scrollTop;
    // What grew below, with nobody scrolling up, has left the end too.
    atEnd = left < NEAR_END || (atEnd && !isUp && !followed);
    toBottom.hidden = left < NEAR_END;
  }

  element.addEventListener("scroll", onScroll, { passive: true });
  toBottom.onclick = () => {
    followed = null;
    scrollToEnd();
  };
  // A growing composer covers the end of the thread: scroll so that the end stays in sight.
  const isWelcome = () => !session.conversation.turns.length; // which is read from its top
  const keepEnd = () => (followed ? follow() : atEnd && !isWelcome() && scrollToEnd());
  new ResizeObserver(keepEnd).observe(element);
  // Who opens a part of the thread, or types, is not taken away from it.
  for (const type of ["pointerdown", "keydown", "wheel"]) {
    element.addEventListener(type, () => laidOut.disconnect(), { passive: true });
  }

  const on = {
    asked({ turn }) {
      element.querySelector(".welcome")?.remove();
      element.append(userTurn(turn, services));
      scrollToEnd();
    },
    answering: beginAnswer,
    progress,
    noticed({ turn }) {
      element.append(noticeTurn(turn, services));
      announcer.textContent = turn.text;
      if (atEnd) scrollToEnd();
    },
    said({ turn }) {
      hideLastActions();
      for (const edit of element.querySelectorAll(".turn.user .edit")) edit.hidden = true;
      const article = drawn(turn);
      element.append(article);
      announcer.textContent = [turn.author, turn.text].filter(Boolean).join(": ");
      if (atEnd) scrollToEnd();
    },
    withdrawn({ turn }) {
      if (live?.turn === turn) {
        live.article.remove();
        dropLive();
      }
      if (turn.handoff) lookAtPeople();
    },
    async answered({ turn }) {
      if (turn.handoff) lookAtPeople();
      const ended = endAnswer();
      if (!ended) return;
      await Promise.allSettled([ended.written, mountWork(ended.article, turn, services)]);
      // Announced once and whole: a screen reader cannot follow single tokens.
      const said = ended.article.querySelectorAll(".bubble, .proposal :is(h2, .state)");
      const words = Array.from(said, (one) => one.textContent.trim()).join(" ");
      announcer.textContent = `${text("answerDone")}: ${words}`;
    },
    stopped: () => void endAnswer(),
    failed: () => endAnswer() && scrollToEnd(), // its box has the role "alert"
  };
  for (const [type, listener] of Object.entries(on)) {
    session.addEventListener(type, ({ detail }) => {
      if (session.isShown(detail.conversation)) listener(detail);
    });
  }
  session.addEventListener("opened", show);
  text.follow(show);
  show();
}
