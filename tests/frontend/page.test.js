import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { TEXTS } from "../../frontend/assets/js/lib/texts.js";
import { actionTexts } from "../../frontend/assets/js/lib/texts/actions.js";

const root = new URL("../../frontend/assets/js/", import.meta.url);

/** {path under assets/js: source} of the page's modules. */
const modules = Object.fromEntries(
  readdirSync(root, { recursive: true })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => name.endsWith(".js"))
    .map((name) => [name, readFileSync(new URL(name, root), "utf8")]),
);

const page = readFileSync(new URL("../../chat.html", root), "utf8");

test("no text is unused", () => {
  const all =
    page +
    Object.entries(modules)
      .filter(([name]) => !name.startsWith("lib/texts"))
      .map(([, source]) => source)
      .join("\n");
  const said = (key) =>
    all.includes(`"${key}"`) || /^(error|engine|field|kind|action|left)_|_touch$/.test(key);
  assert.deepEqual(
    Object.keys({ ...TEXTS.en, ...actionTexts.en }).filter((key) => !said(key)),
    [],
  );
});

const importsOf = (name) =>
  [...modules[name].matchAll(/^import [^;]*?"(\.[^"]+)";/gm)].map(([, target]) =>
    new URL(target, new URL(name, root)).href.replace(root.href, ""),
  );

const LAYERS = ["lib", "api", "models", "render", "state", "ui"];

const MAY_IMPORT = {
  lib: ["lib"],
  api: ["lib"],
  models: ["lib"],
  render: ["lib", "render", "vendor"],
  state: ["lib", "models", "state"],
  ui: ["lib", "models", "render", "state", "ui"],
};

test("a module imports its own layer and those below it", () => {
  for (const name of Object.keys(modules)) {
    const layer = name.split("/")[0];
    if (!LAYERS.includes(layer)) continue;
    for (const target of importsOf(name)) {
      const other = target.includes("/vendor/") ? "vendor" : target.split("/")[0];
      assert.ok(MAY_IMPORT[layer].includes(other), `${name} imports ${target}`);
    }
  }
});

test("nothing but the user interface and the renderer touches the document", () => {
  for (const [name, source] of Object.entries(modules)) {
    if (/^(lib|api|models|state)\//.test(name))
      assert.doesNotMatch(source, /\bdocument\.|innerHTML/, name);
    assert.doesNotMatch(source, /innerHTML|insertAdjacentHTML|outerHTML|document\.write/, name);
  }
});

test("the page preloads every module of its first view, and no other", () => {
  const first = new Set();
  const follow = (name) =>
    importsOf(name).forEach((target) => !first.has(target) && (first.add(target), follow(target)));
  follow("main.js");
  const preloaded = [...page.matchAll(/rel="modulepreload" href="\/assets\/js\/([^"]+)"/g)].map(
    ([, name]) => name,
  );
  assert.deepEqual(preloaded.sort(), [...first].sort());
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
