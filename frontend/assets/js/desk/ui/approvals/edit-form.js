// The form that edits an action's arguments before they are approved.
import { make } from "../../../ui/dom.js";
import { editedArguments, formFields, problemsByField, wrongForm } from "../../models/approvals.js";

/**
 * `approve(edited)` returns a promise; an error's details are told beside the fields. Returns
 * {open, submit, close, isOpen}.
 */
export function mountEditForm(form, { approve, onClose }, services) {
  const { text } = services;
  let fields = [];
  let inputs = new Map(); // input, by name

  const close = () => {
    form.hidden = true;
    form.replaceChildren();
    onClose();
  };

  /** `problems`: {fields: {name: text}, others: [text]}. */
  function showProblems(problems) {
    for (const [name, input] of inputs) {
      const words = problems.fields[name] ?? "";
      const note = form.querySelector(`#${CSS.escape(input.id)}-problem`);
      note.textContent = words;
      input.setAttribute("aria-invalid", String(words !== ""));
    }
    form.querySelector(".form-problem").textContent = problems.others.join("; ");
    form.querySelector("[aria-invalid=true]")?.focus();
  }

  async function submit() {
    const values = Object.fromEntries([...inputs].map(([name, input]) => [name, valueOf(input)]));
    const { edited, wrong } = editedArguments(fields, values);
    if (wrong.length) {
      const told = wrong.map((name) => [name, text("wrongValue")]);
      return showProblems({ fields: Object.fromEntries(told), others: [] });
    }
    try {
      await approve(edited);
      close();
    } catch (error) {
      if (!error.details?.problems) throw error;
      const found = problemsByField(error.details, [...inputs.keys()]);
      for (const [name, words] of Object.entries(found.fields)) {
        const value = wrongForm(words);
        if (value !== null) found.fields[name] = text("wrongForm", { value });
      }
      const missing = found.missing.map((name) => text("missingValue", { name }));
      showProblems({ fields: found.fields, others: [...found.others, ...missing] });
    }
    return null;
  }

  function open(action) {
    fields = formFields(action);
    const rows = fields.map((field) => fieldRow(field, action, text));
    inputs = new Map(rows.map(({ name, input }) => [name, input]));
    const accept = { type: "submit", className: "primary", textContent: text("do_approveEdited") };
    const cancel = { type: "button", className: "quiet", textContent: text("cancel") };
    const hint = make("p", { className: "hint", textContent: text("editHint") });
    const isMasked = fields.some(({ value }) => String(value).includes("*"));
    form.replaceChildren(
      ...(isMasked ? [hint] : []),
      ...rows.map(({ row }) => row),
      make("p", { className: "problem form-problem", role: "alert" }),
      make(
        "div",
        { className: "buttons" },
        make("button", { ...cancel, onclick: close }),
        make("button", accept),
      ),
    );
    form.hidden = false;
    rows[0]?.input.focus();
  }

  return { open, submit, close, isOpen: () => !form.hidden };
}

const valueOf = (input) => (input.type === "checkbox" ? input.checked : input.value);

function fieldRow({ name, kind, value }, { labels }, text) {
  const id = `argument-${name}`;
  const note = make("p", { id: `${id}-problem`, className: "problem" });
  const input = inputFor(kind, value);
  input.id = id;
  input.setAttribute("aria-describedby", note.id);
  const label = make("label", { htmlFor: id, textContent: text.of(labels?.[name]) || name });
  return { name, input, row: make("div", { className: "argument" }, label, input, note) };
}

function inputFor(kind, value) {
  if (kind === "boolean") return make("input", { type: "checkbox", checked: value });
  if (kind === "long" || kind === "json") {
    return make("textarea", { value, rows: kind === "json" ? 6 : 3, spellcheck: kind === "long" });
  }
  const inputMode = kind === "number" ? "decimal" : "text";
  return make("input", { value: String(value), inputMode, autocomplete: "off" });
}
