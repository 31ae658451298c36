// How far the engine's start is, in the user's words; empty once it answers.
const STARTING = new Set(["downloading", "starting", "loading", "compiling", "warming", "failed"]);

export function wordsForEngine(state, text) {
  if (state.ready) return "";
  if (!STARTING.has(state.phase)) return text(state.fallback ? "degraded" : "engine_unavailable");
  const percent = state.percent === null ? "" : ` ${state.percent} %`;
  return text(`engine_${state.phase}`) + percent + (state.fallback ? text("engine_meanwhile") : "");
}
