// Reports the height in pixels at which nothing scrolls, for hosts that give the frame that room.

/** Calls `tell(height)` when the height changes, at most once a frame. */
export function reportHeight(document, tell) {
  const thread = document.getElementById("thread");
  let lastTold = 0;
  let frame = 0;

  function contentHeight() {
    const bottom = thread.lastElementChild?.getBoundingClientRect().bottom ?? 0;
    const padding = parseFloat(getComputedStyle(thread).paddingBottom);
    return bottom + thread.scrollTop - thread.getBoundingClientRect().top + padding;
  }

  function measure() {
    frame = 0;
    const others = document.documentElement.clientHeight - thread.clientHeight;
    const height = Math.ceil(others + contentHeight());
    if (height === lastTold) return;
    lastTold = height;
    tell(height);
  }

  const sizes = new ResizeObserver(() => (frame ||= requestAnimationFrame(measure)));
  // The thread's own size stays the same while its turns grow, so each turn is observed.
  const observeTurns = () => {
    sizes.disconnect();
    for (const element of [document.documentElement, thread, ...thread.children]) {
      sizes.observe(element);
    }
  };
  new MutationObserver(observeTurns).observe(thread, { childList: true });
  observeTurns();
}
