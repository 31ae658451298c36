// Questions and answers that staff make better, and what a trial of a correction tells.

export const TRIAL = "correction-preview"; // the id of a correction that is tried and not kept

/** Whether an event of the desk tells of a question without a clause. */
export const isGap = ({ outcome }) => ["no_clause", "clarify"].includes(outcome);

const JUDGED = {
  down: ({ rating }) => rating !== undefined,
  ungrounded: ({ is_ungrounded: isUngrounded }) => isUngrounded === true,
};

/** Whether an event may change the answers of a filter: down or ungrounded. */
export const judges = (filter) => JUDGED[filter];

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
