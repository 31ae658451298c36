// A citation opened: the clause, with the question's words marked.
import { markWords, wordsOf } from "../render/mark.js";
import { make, openDialog } from "./parts.js";

export function openClause(citation, number, question, text) {
  const { dialog, body } = openDialog("clause", citation.title, text("close"));
  dialog.id = "clause";
  const words = make("div", { className: "text", tabIndex: 0 });
  markWords(words, citation.text, wordsOf(question));
  body.append(make("p", { className: "number", textContent: number }), words);
  words.focus();
}
