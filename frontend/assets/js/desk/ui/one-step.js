// One step of staff at a time: its buttons wait until it has ended, and its failure is told.
import { failureText } from "./failures.js";

/** `draw()` shows the state again. Returns {run(step), isBusy()}; `step` returns a promise. */
export function oneStepAtATime(problem, draw, services) {
  let isBusy = false;

  async function run(step) {
    if (isBusy) return;
    isBusy = true;
    problem.textContent = "";
    draw();
    try {
      await step();
    } catch (error) {
      problem.textContent = failureText(error, services);
    } finally {
      isBusy = false;
      draw();
    }
  }

  return { run, isBusy: () => isBusy };
}
