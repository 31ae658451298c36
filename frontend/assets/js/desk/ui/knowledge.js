// The part "knowledge": clauses searched by hand, and the files with what is wrong in them.
import { readableSize } from "../../lib/texts.js";
import { make } from "../../ui/dom.js";
import { shortTime } from "../lib/times.js";
import { mountClauseSearch } from "./clause-search.js";
import { button, fill, problemsOf, section, table } from "./report-parts.js";

/** `query.q` is searched for at once. Returns {update, unmount}. */
export function mountKnowledge(element, services, query) {
  const { api, text } = services;
  const search = make("div");
  const files = make("div");
  const searching = mountClauseSearch(search, services, query);
  const again = () => loading.again();
  element.append(
    section(text("searchClauses"), null, search),
    section(
      text("knowledgeFiles"),
      button(text("readAgain"), () => again()),
      files,
    ),
  );
  const loading = fill(
    files,
    () => api.read("knowledge"),
    (data) => filesOf(data, text),
    text,
  );
  return { update: searching.update, unmount: () => (loading.stop(), searching.unmount()) };
}

function filesOf({ data, problems, vectors, version, ...counts }, text) {
  const rows = data.map((file) => [
    file.path,
    String(file.clauses),
    readableSize(file.size),
    shortTime(file.changed_at, text.locale),
  ]);
  const columns = [
    { words: text("fileName") },
    { words: text("fileClauses"), number: true },
    { words: text("fileSize"), number: true },
    { words: text("fileChanged") },
  ];
  return [
    make("p", { textContent: text("knowledgeTotal", counts) }),
    make("p", { className: "hint", textContent: text("knowledgeVersion", { version }) }),
    make("p", { className: "hint", textContent: text(`vectors_${vectors.state}`, vectors) }),
    problemsOf(problems, text),
    table(text("knowledgeFiles"), columns, rows),
  ];
}
