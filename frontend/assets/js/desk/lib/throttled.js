// A function that runs at most once in a while, so that a busy desk does not use up its rate limit.

/**
 * Runs `act` at once, and again after `gap` milliseconds where it was called in the meantime. A
 * promise that `act` returns counts into the gap.
 */
export function throttled(act, gap) {
  let isWaiting = false;
  let isWanted = false;

  async function run() {
    if (isWaiting) {
      isWanted = true;
      return;
    }
    isWaiting = true;
    isWanted = false;
    try {
      await act();
    } finally {
      setTimeout(() => {
        isWaiting = false;
        if (isWanted) run();
      }, gap);
    }
  }

  return run;
}
