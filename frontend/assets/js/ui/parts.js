// Small parts that every piece of the page is made of: elements, icons, buttons, dialogs, a toast.
const SVG = "http://www.w3.org/2000/svg";

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A button with an icon; `words` are its label, shown beside the icon where `shown`. */
export function iconButton(name, words, onclick, { className = "icon-button", shown = false } = {}) {
  const button = make("button", { type: "button", className, onclick }, icon(name));
  if (shown) button.append(make("span", { textContent: words }));
  else Object.assign(button, { ariaLabel: words, title: words });
  return button;
}

export function template(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** A modal dialog that is gone once it is closed: {dialog, body}. */
export function openDialog(className, title, closeWords) {
  const dialog = template("dialog-template");
  dialog.classList.add(className);
  const heading = dialog.querySelector("h2");
  heading.textContent = title;
  heading.id = `${className}-title`;
  dialog.setAttribute("aria-labelledby", heading.id);
  dialog.querySelector(".close").ariaLabel = closeWords;
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
  return { dialog, body: dialog.querySelector(".body") };
}

let fading = 0;

export function toast(words) {
  const box = document.getElementById("toast");
  box.textContent = words;
  clearTimeout(fading);
  fading = setTimeout(() => (box.textContent = ""), 4000);
}

/** Whether the words are in the clipboard. Over plain HTTP there is no navigator.clipboard, and in a frame it may be denied. */
export async function copyText(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    return copySelected(words);
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
