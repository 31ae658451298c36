// A cited clause in a dialog, with the question's words marked.
import { highlight, searchTerms } from "../render/highlight.js";
import { make, openDialog } from "./dom.js";

/** `number`: the clause's number as it is shown. `asked`: the text whose words are marked. */
export function openClause(citation, number, asked, text) {
  const { dialog, body } = openDialog("clause", citation.title, text("close"));
  dialog.id = "clause";
  const words = make("div", { className: "text", tabIndex: 0 });
  highlight(words, citation.text, searchTerms(asked));
  body.append(make("p", { className: "number", textContent: number }), words);
  words.focus();
}
