// How well the parts of the service are, for marks with a word.

/** How an engine is: {kind, key}; `kind` as `mark` takes it. */
export function engineState({ up, circuit }) {
  if (up && circuit !== "closed") return { kind: "wait", key: "engine_paused" };
  if (up) return { kind: "good", key: "engine_up" };
  return up === false
    ? { kind: "bad", key: "engine_down" }
    : { kind: "wait", key: "engine_unknown" };
}

const TASKS = { running: "good", done: "good", restarting: "bad" };

export function taskState({ state }) {
  return { kind: TASKS[state] ?? "wait", key: `task_${state}` };
}

const WEBHOOKS = { ok: "good", failing: "bad", ended: "bad" };

export function webhookState({ state }) {
  return { kind: WEBHOOKS[state] ?? "wait", key: `webhook_${state}` };
}
