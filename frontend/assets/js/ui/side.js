// The left column: common questions by group, with a search; conversations below.
export function mountSide(element, { session, history, config, locale, text, ask }) {
  const questions = element.querySelector("#questions");
  const past = element.querySelector("#history");
  const search = element.querySelector("#search");
  search.placeholder = text("searchQuestions");

  const said = (words) => words[locale] ?? Object.values(words)[0] ?? "";

  function showQuestions() {
    const wanted = search.value.trim().toLowerCase();
    questions.replaceChildren();
    for (const group of config.questions) {
      const matching = group.questions.map(said).filter((words) => words.toLowerCase().includes(wanted));
      if (!matching.length) continue;
      const box = Object.assign(document.createElement("details"), { className: "group", open: true });
      box.append(Object.assign(document.createElement("summary"), { textContent: said(group.title) }));
      for (const words of matching) box.append(button("ask", words, () => ask(words)));
      questions.append(box);
    }
  }

  function showPast() {
    past.replaceChildren(Object.assign(document.createElement("h2"), { textContent: text("conversations") }));
    const kept = history.list().filter((one) => one.turns.length);
    past.hidden = !kept.length && history.available;
    if (!history.available) past.append(Object.assign(document.createElement("p"), { className: "hint", textContent: text("noStorage") }));
    for (const conversation of kept) {
      const item = button("past", conversation.title || text("picture"), () => session.open(conversation));
      if (conversation.id === session.conversation.id) item.setAttribute("aria-current", "true");
      past.append(item);
    }
  }

  function button(name, words, onclick) {
    return Object.assign(document.createElement("button"), { type: "button", className: name, textContent: words, onclick: () => { element.classList.remove("open"); onclick(); } });
  }

  search.oninput = showQuestions;
  element.querySelector("#new-conversation").onclick = () => {
    element.classList.remove("open");
    session.open();
  };
  for (const type of ["idle", "opened"]) session.addEventListener(type, showPast);
  showQuestions();
  showPast();
}
