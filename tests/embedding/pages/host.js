window.events = [];
window.tokens = 0;
const somebody = `user-${Math.random()}`;
window.fetchToken = async (visitor = somebody) => {
  const answer = await fetch("/sightdesk-token", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ visitor }),
  });
  window.tokens += 1;
  return (await answer.json()).token;
};
for (const type of [
  "ready",
  "conversation-started",
  "message-sent",
  "message-completed",
  "feedback",
  "handoff-requested",
  "handoff-changed",
  "handoff-message",
  "action-changed",
  "insert-reply",
  "resize",
  "failed",
]) {
  document.addEventListener(`sightdesk:${type}`, (event) =>
    window.events.push([type, event.detail]),
  );
}
window.reasonOf = (promise) =>
  promise.then(
    () => "ack",
    (error) => error.reason,
  );
