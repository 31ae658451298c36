// Helpers that every part of the page uses: elements, icons, buttons, dialogs, the toast, copying.
const SVG = "http://www.w3.org/2000/svg";
const TOAST_MS = 4000;
const SPACE_ABOVE = 12; // pixels left free above what is scrolled to its top

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** An icon of chat.html by its name: "plus" is the symbol `#i-plus`. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Puts the company's logo, a URL, in place of ours. `side` in pixels. */
export function showLogo(element, url, side) {
  if (!url) return;
  element.replaceWith(
    make("img", { className: "logo", src: url, alt: "", width: side, height: side }),
  );
}

/** A button with an icon. `label` stands beside the icon if `shown`, else it is a tooltip. */
export function iconButton(name, label, onclick, options = {}) {
  const { className = "icon-button", shown = false } = options;
  const button = make("button", { type: "button", className, onclick }, icon(name));
  if (shown) button.append(make("span", { textContent: label }));
  else Object.assign(button, { ariaLabel: label, title: label });
  return button;
}

/** A copy of the element in the <template> with this id. */
export function template(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** Opens a modal dialog that is removed when it closes. Returns {dialog, body}. */
export function openDialog(className, title, closeLabel) {
  const dialog = template("dialog-template");
  dialog.classList.add(className);
  const heading = dialog.querySelector("h2");
  heading.textContent = title;
  heading.id = `${className}-title`;
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.querySelector(".close").ariaLabel = closeLabel;
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, body: dialog.querySelector(".body") };
}

/**
 * Awaits a dynamic import: `await loaded(import("./help.js"))`. Rejects with the code "network"
 * where the module cannot be fetched; main.js shows that as a toast.
 */
export async function loaded(importing) {
  try {
    return await importing;
  } catch (cause) {
    throw Object.assign(new Error("A module could not be loaded.", { cause }), { code: "network" });
  }
}

/**
 * Whether a keydown event sends the text: Enter without Shift. Inside an input method Enter
 * chooses characters; Safari tells that by the key code alone.
 */
export function isSubmit(event) {
  return event.key === "Enter" && !event.shiftKey && !event.isComposing && event.keyCode !== 229;
}

/** Focuses a field to type on, but not where that would open the keyboard of a phone. */
export function focusToType(field) {
  if (matchMedia("(hover: hover)").matches) field.focus();
}

let fading = 0;

/** Shows a short message for 4 seconds. */
export function toast(words) {
  const box = document.getElementById("toast");
  box.textContent = words;
  clearTimeout(fading);
  fading = setTimeout(() => (box.textContent = ""), TOAST_MS);
}

/** Copies a text; resolves to whether that worked. */
export async function copyText(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    return copySelected(words); // plain HTTP has no navigator.clipboard, and a frame may deny it
  }
}

function copySelected(words) {
  const { activeElement } = document;
  const area = make("textarea", { value: words, className: "visually-hidden" });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  activeElement?.focus();
  return done;
}

/** Disables the button until the moment `until` (ms since 1970), and counts the seconds down. */
export function countDown(button, until, text) {
  const seconds = Math.ceil((until - Date.now()) / 1000);
  button.disabled = seconds > 0;
  button.textContent = seconds > 0 ? text("retryIn", { seconds }) : text("retry");
  if (seconds <= 0) return;
  const untilNext = until - Date.now() - 1000 * (seconds - 1);
  setTimeout(() => button.isConnected && countDown(button, until, text), untilNext);
}

/**
 * The scrollTop of `element` that shows an answer from its top, with its question where that is
 * short.
 */
export function topOf(article, element) {
  const question = article.previousElementSibling;
  const isShort = question && question.offsetHeight < element.clientHeight / 4;
  const first = (isShort ? question : article).getBoundingClientRect().top;
  return first - element.getBoundingClientRect().top + element.scrollTop - SPACE_ABOVE;
}
