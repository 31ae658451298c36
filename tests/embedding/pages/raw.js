// A host that uses postMessage alone (contract, section 6). `heard` lists all messages.
window.heard = [];
window.addEventListener("message", (event) =>
  window.heard.push({ from: event.origin, ...event.data }),
);

window.frameAt = (url) => {
  const frame = document.createElement("iframe");
  frame.src = url;
  frame.style.setProperty("width", "700px");
  frame.style.setProperty("height", "600px");
  document.body.append(frame);
};

window.post = (message) =>
  window.frames[0].postMessage({ source: "sightdesk", version: 1, ...message }, "*");

const until = async (find, ms) => {
  for (
    const end = performance.now() + ms;
    performance.now() < end;
    await new Promise((resolve) => setTimeout(resolve, 25))
  ) {
    const found = find();
    if (found) return found;
  }
  return null;
};

/** Resolves to "ack", the nack's reason, or "silence" after `ms`. */
window.request = async (type, payload, { ms = 15000, ...envelope } = {}) => {
  const requestId = `${type}-${window.heard.length}-${Math.random()}`;
  window.post({ type, payload, requestId, ...envelope });
  const answer = await until(() => window.heard.find((one) => one.requestId === requestId), ms);
  return answer === null ? "silence" : answer.type === "ack" ? "ack" : answer.payload.reason;
};

/** The payload of the first event of this type that came after `skip` others of it. */
window.event = async (type, skip = 0, ms = 60000) =>
  (await until(() => window.heard.filter((one) => one.type === type)[skip], ms))?.payload;
