// The view "approvals": actions that wait for staff, and their decision.
import { addTexts } from "../../lib/texts.js";
import { actionTexts } from "../../lib/texts/actions.js";
import { labelElements } from "../../ui/app-shell.js";
import { askFor } from "../../ui/dialogs.js";
import { template } from "../../ui/dom.js";
import { hashOf } from "../lib/routes.js";
import { approvalsTexts } from "../lib/texts/approvals.js";
import { FILTERS, filterOf } from "../models/approvals.js";
import { OpenAction } from "../state/open-action.js";
import { mountActionCard } from "./approvals/action-card.js";
import { mountActionList } from "./approvals/action-list.js";
import { drawAudit } from "./approvals/audit-list.js";
import { mountEditForm } from "./approvals/edit-form.js";
import { askSettlement } from "./approvals/settle-dialog.js";
import { failureText } from "./failures.js";
import { oneStepAtATime } from "./one-step.js";
import { drawTranscript } from "./transcript.js";

/** Shows the list and the action that the route names. Returns {update, unmount}. */
export function mount(element, services, route) {
  const { api, text, approvals, announcer } = services;
  addTexts(approvalsTexts);
  addTexts(actionTexts);
  const box = template("approvals-template");
  labelElements(box, text);
  element.replaceChildren(box);
  const opened = new OpenAction(services.actions, services.live, approvals);
  const list = mountActionList(box.querySelector(".queue"), services);
  const shown = mountAction(box, opened, services);

  /** The route is a filter, a filter and an action, or an action alone: a link from elsewhere. */
  function update({ parts: [first, second = null] }) {
    const isFilter = FILTERS.includes(first);
    const id = isFilter ? second : (first ?? null);
    const known = id && approvals.find(id);
    const { id: before } = opened;
    if (isFilter || !id) approvals.choose(isFilter ? first : FILTERS[0]);
    else if (known) approvals.choose(filterOf(known, api.now()));
    list.show(id);
    opened.open(id);
    box.classList.toggle("is-open", Boolean(id));
    if (id !== before) shown.begin();
    if (before && !id) list.focus(before);
  }

  function onKey(event) {
    if (event.key !== "Escape" || event.isComposing || !opened.id) return;
    if (document.querySelector("dialog[open]") || shown.closeForm()) return;
    location.hash = hashOf("approvals", [approvals.filter]);
  }

  const onArrived = ({ detail }) => {
    announcer.textContent = text("actionArrived", { title: text.of(detail.action.title) });
  };
  approvals.addEventListener("arrived", onArrived);
  document.addEventListener("keydown", onKey);
  update(route);
  return {
    update,
    unmount() {
      document.removeEventListener("keydown", onKey);
      approvals.removeEventListener("arrived", onArrived);
      opened.close();
      shown.unmount();
      list.unmount();
    },
  };
}

/** The open action. Returns {begin, closeForm, unmount}. */
function mountAction(box, opened, services) {
  const { text, approvals } = services;
  const part = (selector) => box.querySelector(selector);
  const problem = part(".case-problem");

  const { run: runStep, isBusy } = oneStepAtATime(problem, draw, services);

  /** What was pressed may be gone after the step: the focus stays with the action. */
  async function run(step) {
    await runStep(step);
    const { activeElement } = document;
    const isLost = activeElement === document.body || activeElement.hidden;
    if (isLost && opened.id) part(".case h2").focus({ preventScroll: true });
  }

  async function reject() {
    const [title, label, submit] = [text("rejectTitle"), text("rejectLabel"), text("reject")];
    const reason = await askFor({ title, label, submit, text });
    if (reason) run(() => opened.reject(reason));
    else if (reason === "") problem.textContent = text("reasonNeeded");
  }

  async function settle() {
    const given = await askSettlement(text);
    if (given) run(() => opened.settle(given.outcome, given.note));
  }

  const approve = (edited) => opened.approve(edited);
  const form = part(".edit");
  const editing = mountEditForm(form, { approve, onClose: draw }, services);
  form.onsubmit = (event) => {
    event.preventDefault();
    if (event.isTrusted) run(() => editing.submit());
  };

  function edit() {
    editing.open(opened.action);
    draw();
  }

  const decide = { approve: () => run(() => approve(null)), edit, reject, settle };
  const card = mountActionCard(part(".action-card"), decide, services);

  function draw() {
    const { id, action, steps, messages, error } = opened;
    part(".case").hidden = !id;
    part(".nothing-open").hidden = Boolean(id);
    part(".beside").hidden = !messages;
    if (!id) return;
    part(".back").href = hashOf("approvals", [approvals.filter]);
    part(".case-error").textContent = error ? failureText(error, services) : "";
    part(".loading").hidden = Boolean(action || error);
    part(".action-card").hidden = !action;
    part(".audit").hidden = !steps;
    card.show(action, { isBusy: isBusy(), isEditing: editing.isOpen() });
    drawAudit(part(".audit ol"), steps, action, services);
    if (!messages) return;
    const conversation = action.conversation_id;
    const readings = () => messages.toReversed().flatMap(({ reading }) => reading ?? []);
    drawTranscript(part(".turns"), messages, { ...services, conversation, readings });
  }

  opened.addEventListener("changed", draw);
  draw();
  return {
    begin() {
      problem.textContent = "";
      if (editing.isOpen()) editing.close();
      if (opened.id) part(".case h2").focus();
    },
    closeForm() {
      const wasOpen = editing.isOpen();
      if (wasOpen) editing.close();
      return wasOpen;
    },
    unmount: card.unmount,
  };
}
