import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { approvalsTexts } from "../../frontend/assets/js/desk/lib/texts/approvals.js";
import { backgroundTexts } from "../../frontend/assets/js/desk/lib/texts/background.js";
import { figuresTexts } from "../../frontend/assets/js/desk/lib/texts/figures.js";
import { inboxTexts } from "../../frontend/assets/js/desk/lib/texts/inbox.js";
import { qualityTexts } from "../../frontend/assets/js/desk/lib/texts/quality.js";
import { shellTexts } from "../../frontend/assets/js/desk/lib/texts/shell.js";
import { systemTexts } from "../../frontend/assets/js/desk/lib/texts/system.js";
import { TEXTS } from "../../frontend/assets/js/lib/texts.js";
import { actionTexts } from "../../frontend/assets/js/lib/texts/actions.js";
import { handoffTexts } from "../../frontend/assets/js/lib/texts/handoffs.js";

// Keys that are put together from a name, as in text(`field_${name}`).
const ASSEMBLED = new RegExp(
  "^(error|engine|field|kind|action|left|view|live|insert|handoff|next|past)_|_touch$" +
    "|^(filter|empty|reason|outcome|span|said|do|state|author|step|remark|status|settle)_" +
    "|^(system|audience|verdict|by|intent|why|vectors|webhook|task|quality|place|fault)_" +
    "|^(background|figure|formula|asked|subject)_",
);
const deskTexts = [
  shellTexts,
  inboxTexts,
  approvalsTexts,
  qualityTexts,
  figuresTexts,
  systemTexts,
  backgroundTexts,
];

const root = new URL("../../frontend/assets/js/", import.meta.url);

/** {path under assets/js: source} of the page's modules. */
const modules = Object.fromEntries(
  readdirSync(root, { recursive: true })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".js"))
    .map((name) => [name, readFileSync(new URL(name, root), "utf8")]),
);

const pageOf = (name) => readFileSync(new URL(`../../${name}`, root), "utf8");
const pages = { "main.js": pageOf("chat.html"), "desk/main.js": pageOf("desk.html") };

test("no text is unused", () => {
  const all =
    Object.values(pages).join("\n") +
    Object.entries(modules)
      .filter(([name]) => !name.includes("lib/texts"))
      .map(([, source]) => source)
      .join("\n");
  const said = (key) => all.includes(`"${key}"`) || ASSEMBLED.test(key);
  const desk = Object.assign({}, ...deskTexts.map(({ en }) => en));
  assert.deepEqual(
    Object.keys({ ...TEXTS.en, ...actionTexts.en, ...handoffTexts.en, ...desk }).filter(
      (key) => !said(key),
    ),
    [],
  );
});

test("the staff's texts are the same in both languages and take no key of another module", () => {
  const known = new Set(Object.keys(TEXTS.en));
  for (const { en, "zh-CN": zhCN } of deskTexts) {
    assert.deepEqual(Object.keys(en), Object.keys(zhCN));
    for (const key of Object.keys(en)) {
      assert.ok(!known.has(key), key);
      known.add(key);
      const values = (words) => words.match(/\{\w+\}/g)?.sort() ?? [];
      assert.deepEqual(new Set(values(en[key])), new Set(values(zhCN[key])), key);
    }
  }
});

const importsOf = (name) =>
  [...modules[name].matchAll(/^import [^;]*?"(\.[^"]+)";/gm)].map(([, target]) =>
    new URL(target, new URL(name, root)).href.replace(root.href, ""),
  );

const LAYERS = ["lib", "api", "models", "render", "state", "ui"];

/** The staff's page has the same layers under desk/. */
const layerOf = (name) => name.replace(/^desk\//, "").split("/")[0];

const MAY_IMPORT = {
  lib: ["lib"],
  api: ["lib", "api"],
  models: ["lib", "models"],
  render: ["lib", "render", "vendor"],
  state: ["lib", "models", "state"],
  ui: ["lib", "models", "render", "state", "ui"],
};

test("a module imports its own layer and those below it", () => {
  for (const name of Object.keys(modules)) {
    const layer = layerOf(name);
    if (!LAYERS.includes(layer)) continue;
    for (const target of importsOf(name)) {
      const other = target.includes("/vendor/") ? "vendor" : layerOf(target);
      const isDesk = target.startsWith("desk/");
      assert.ok(!isDesk || name.startsWith("desk/"), `${name} imports ${target}`);
      assert.ok(MAY_IMPORT[layer].includes(other), `${name} imports ${target}`);
    }
  }
});

test("nothing but the user interface and the renderer touches the document", () => {
  for (const [name, source] of Object.entries(modules)) {
    if (/^(desk\/)?(lib|api|models|state)\//.test(name))
      assert.doesNotMatch(source, /\bdocument\.|innerHTML/, name);
    assert.doesNotMatch(source, /innerHTML|insertAdjacentHTML|outerHTML|document\.write/, name);
  }
});

test("a page preloads every module of its first view, and no other", () => {
  for (const [main, page] of Object.entries(pages)) {
    const first = new Set();
    const follow = (name) =>
      importsOf(name).forEach(
        (target) => !first.has(target) && (first.add(target), follow(target)),
      );
    follow(main);
    const preloaded = [...page.matchAll(/rel="modulepreload" href="\/assets\/js\/([^"]+)"/g)];
    assert.deepEqual(preloaded.map(([, name]) => name).sort(), [...first].sort());
  }
});

test("no line is longer than 100 columns", () => {
  const repository = new URL("../../", import.meta.url);
  const isSource = (name) => /\.(js|css|html)$/.test(name) && !/vendor|screens/.test(name);
  for (const folder of ["frontend/", "examples/", "tests/frontend/", "tests/embedding/pages/"]) {
    for (const name of readdirSync(new URL(folder, repository), { recursive: true })) {
      if (!isSource(name)) continue;
      const source = readFileSync(new URL(folder + name, repository), "utf8");
      const long = source.split("\n").filter((line) => line.length > 100);
      assert.deepEqual(long, [], folder + name);
    }
  }
});
