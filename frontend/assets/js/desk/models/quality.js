// Questions and answers that staff make better, and what a trial of a correction tells.

export const TRIAL = "correction-preview"; // the id of a correction that is tried and not kept

/** The ids of corrections that were made for one of a group's answers or questions. */
export function coveredBy(group, corrections) {
  const answers = new Set(group.answers);
  const questions = new Set([group.question, ...group.examples]);
  return corrections
    .filter(
      (one) => answers.has(one.answer) || one.questions.some((question) => questions.has(question)),
    )
    .map(({ id }) => id);
}

/** What a correction of a group begins with: {answer, text, questions}. */
export function draftOfGroup(group) {
  const questions = [...new Set([group.question, ...group.examples])];
  return { answer: group.answers[0], text: "", questions };
}

/** What a correction of an answer begins with. The answer's own question is always one of it. */
export function draftOfAnswer(answer) {
  return { answer: answer.id, text: answer.text, questions: [answer.question].filter(Boolean) };
}

/**
 * What a trial tells: [{question, isTry, wins, before, after}], `before` and `after` the first
 * cited clause as {isTrial, title, clause}, or null.
 */
export function trialRows({ data }) {
  return data.map(({ question, is_try: isTry, wins, before, after }) => ({
    question,
    isTry,
    wins,
    before: firstOf(before),
    after: firstOf(after),
  }));
}

function firstOf([first]) {
  if (!first) return null;
  const { id, title, clause } = first;
  return { isTrial: id === TRIAL, title, clause };
}

/** The corrections that hold the words in their text, title or questions. */
export function matching(corrections, words) {
  const wanted = words.trim().toLowerCase();
  return corrections.filter(({ title, text, questions }) =>
    [title, text, ...questions].some((one) => one.toLowerCase().includes(wanted)),
  );
}
