// How high the page would like to be, for hosts that give it the room: told when it changes, at most once a frame.
export function reportHeight(document, tell) {
  const thread = document.getElementById("thread");
  let told = 0;
  let frame = 0;

  function measure() {
    frame = 0;
    const last = thread.lastElementChild?.getBoundingClientRect().bottom ?? 0;
    const content = last + thread.scrollTop - thread.getBoundingClientRect().top + parseFloat(getComputedStyle(thread).paddingBottom);
    const height = Math.ceil(document.documentElement.clientHeight - thread.clientHeight + content);
    if (height !== told) tell((told = height));
  }

  const changed = () => (frame ||= requestAnimationFrame(measure));
  const sizes = new ResizeObserver(changed);
  // The thread itself keeps its size while its turns grow: they are watched one by one, as they come.
  const watchTurns = () => {
    sizes.disconnect();
    for (const element of [document.documentElement, thread, ...thread.children]) sizes.observe(element);
  };
  new MutationObserver(watchTurns).observe(thread, { childList: true });
  watchTurns();
}
