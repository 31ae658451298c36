// The linter's rules for all JavaScript here. Prettier formats it (.prettierrc.json).
import js from "@eslint/js";
import globals from "globals";

const BROWSER = ["frontend/**/*.js", "examples/**/*.js", "tests/embedding/pages/*.js"];
// Classic scripts: a host page loads them without `type="module"`.
const SCRIPTS = [
  "frontend/embed.js",
  "examples/{chatwoot,shop}/*.js",
  "tests/embedding/pages/*.js",
];

export default [
  { ignores: ["frontend/assets/vendor/", "node_modules/", ".cache/", ".venv*/", "tests/output/"] },
  js.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "array-callback-return": "error",
      "consistent-return": "off", // `return void done()` ends a function early
      "default-param-last": "error",
      eqeqeq: "error",
      "max-lines": ["error", 300],
      "no-alert": "error",
      "no-console": ["error", { allow: ["warn", "error"] }],
      "no-empty": ["error", { allowEmptyCatch: false }],
      "no-else-return": "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-promise-executor-return": "off", // `new Promise((done) => setTimeout(done, ms))`
      "no-self-compare": "error",
      "no-shadow": "error",
      "no-template-curly-in-string": "error",
      "no-throw-literal": "error",
      "no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "no-useless-concat": "off", // a long text is split over lines
      "no-useless-rename": "error",
      "no-useless-return": "error",
      "no-var": "error",
      "object-shorthand": "error",
      "prefer-arrow-callback": "error",
      "prefer-const": "error",
      "prefer-object-has-own": "error",
      "prefer-template": "error",
      "require-atomic-updates": "off",
      "symbol-description": "error",
    },
  },
  { files: BROWSER, languageOptions: { globals: globals.browser } },
  { files: SCRIPTS, languageOptions: { sourceType: "script" } },
  {
    files: ["tests/frontend/**/*.js", "tests/engine/*.mjs", "eslint.config.js"],
    languageOptions: { globals: globals.node },
    rules: { "no-console": "off", "require-yield": "off" },
  },
  // What it hands to the browser runs there.
  {
    files: ["tests/browser/*.mjs"],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
    rules: { "no-console": "off" },
  },
  // These layers never touch the document, so `node --test` tests them.
  {
    files: ["frontend/assets/js/{,desk/}{lib,api,models,state}/**/*.js"],
    rules: { "no-restricted-globals": ["error", "document", "window"] },
  },
  // One file, because a host page loads it as one classic script and there is no build.
  { files: ["frontend/embed.js"], rules: { "max-lines": "off" } },
];
