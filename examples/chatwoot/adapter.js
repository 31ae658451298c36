// A dashboard app of Chatwoot. Chatwoot frames this page and sends it the conversation as a JSON
// string: {"event": "appContext", "data": {"conversation", "contact", "currentAgent"}}. This page
// passes it on to SightDesk.
(() => {
  "use strict";
  const FETCH_INFO = "chatwoot-dashboard-app:fetch-info";
  const CUSTOMER = 0; // message_type: 0 incoming, 1 outgoing, 2 activity, 3 template
  const AGENT = 1;
  const MAX_MESSAGES = 30;
  const chatwoot = document.body.dataset.chatwoot;
  const state = document.getElementById("state");
  const button = document.getElementById("ask");
  let desk = null;
  let latest = null;

  window.addEventListener("message", (event) => {
    if (
      event.origin !== chatwoot ||
      event.source !== window.parent ||
      typeof event.data !== "string"
    )
      return;
    let told;
    try {
      told = JSON.parse(event.data);
    } catch {
      return;
    }
    if (told?.event === "appContext" && told.data?.conversation) take(told.data);
  });
  button.onclick = hand;
  window.parent.postMessage(FETCH_INFO, chatwoot);

  function take(data) {
    latest = data;
    const { conversation, contact } = data;
    const customer = contact?.name ?? conversation.meta?.sender?.name ?? "";
    state.textContent = `#${conversation.id} · ${customer}`;
    button.disabled = lastQuestion(said(conversation)) < 0;
    desk ??= window.SightDesk.mount(document.getElementById("desk"), {
      token: () => token(data.currentAgent),
      user: { name: data.currentAgent?.name ?? "" },
      agent: true,
    });
  }

  /** The messages of people: no activities, templates or private notes. */
  function said(conversation) {
    return (conversation.messages ?? [])
      .filter((one) => [CUSTOMER, AGENT].includes(one.message_type) && !one.private)
      .slice(-MAX_MESSAGES);
  }

  const lastQuestion = (messages) => messages.findLastIndex((one) => one.message_type === CUSTOMER);

  async function hand() {
    button.disabled = true;
    try {
      const messages = said(latest.conversation);
      const last = lastQuestion(messages);
      const question = await toMessage(messages[last]);
      await desk.setContext({
        messages: await Promise.all(messages.slice(0, last).map(toMessage)),
      });
      await desk.ask(question);
    } catch (error) {
      state.textContent = `SightDesk: ${error.message}`;
    }
    button.disabled = false;
  }

  async function toMessage({ message_type: type, content, attachments }) {
    const pictures = (attachments ?? []).filter((one) => one.file_type === "image");
    const images = (await Promise.all(pictures.map(picture))).filter(Boolean);
    return { role: type === CUSTOMER ? "user" : "assistant", text: content ?? "", images };
  }

  /** null where Chatwoot's storage does not allow this origin to read it: see the README. */
  async function picture({ id, data_url: url }) {
    try {
      const answer = await fetch(url);
      return answer.ok ? { name: `chatwoot-${id}`, data: await answer.blob() } : null;
    } catch {
      state.textContent = "图片无法读取 · A picture could not be read: CORS";
      return null;
    }
  }

  async function token(agent) {
    const body = JSON.stringify({ visitor: `agent-${agent?.id ?? "unknown"}` });
    const answer = await fetch("/sightdesk-token", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    if (!answer.ok) throw new Error("no token");
    return (await answer.json()).token;
  }

  // A dashboard app cannot write into the conversation, so the agent copies the reply. That takes a
  // click on this page: browsers give the clipboard only to the frame that was clicked.
  const reply = document.getElementById("reply");
  const words = document.getElementById("words");
  document.getElementById("desk").addEventListener("sightdesk:insert-reply", ({ detail }) => {
    words.value = detail.text;
    reply.hidden = false;
  });
  reply.onsubmit = (event) => {
    event.preventDefault();
    words.select();
    document.execCommand("copy"); // Chatwoot's frame gives us no permission for navigator.clipboard
    reply.hidden = true;
    state.textContent = "已复制，粘贴到回复框 · Copied: paste it into the reply";
  };
})();
