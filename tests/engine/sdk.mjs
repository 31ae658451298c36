// The official OpenAI JavaScript SDK through the gateway: node sdk.mjs MODULE BASE_URL KEY.
// Prints one JSON object.
import { readFileSync } from "node:fs";

const [module, baseURL, apiKey] = process.argv.slice(2);
const lesson = JSON.parse(readFileSync(new URL("lesson.json", import.meta.url)));
const { default: OpenAI } = await import(module);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const model = "Qwen3-VL-2B";
const messages = [{ role: "user", content: "退货要几天?" }];
const seen = {};

seen.models = (await client.models.list()).data.map((one) => one.id);

const whole = await client.chat.completions.create({
  model,
  messages,
  max_tokens: 16,
  temperature: 0,
});
seen.whole = whole.choices[0].message.content;
seen.usage = whole.usage;

const stream = await client.chat.completions.create({
  model,
  messages,
  max_tokens: 16,
  temperature: 0,
  stream: true,
  stream_options: { include_usage: true },
});
seen.streamed = "";
for await (const chunk of stream) {
  seen.streamed += chunk.choices[0]?.delta?.content ?? "";
  if (chunk.usage) seen.streamedUsage = chunk.usage;
}

const tool = {
  type: "function",
  function: {
    name: "order_status",
    strict: true,
    parameters: {
      type: "object",
      properties: { number: { type: "integer", minimum: 1, maximum: 99 } },
      required: ["number"],
      additionalProperties: false,
    },
  },
};
const called = await client.chat.completions.create({
  model,
  messages,
  tools: [tool],
  tool_choice: { type: "function", function: { name: "order_status" } },
  max_tokens: 3000,
  seed: 1,
});
seen.call = called.choices[0].message.tool_calls[0].function;

const taught = {
  model,
  messages: [{ role: "user", content: lesson.question }],
  tools: [lesson.tool],
  tool_choice: "auto",
  temperature: 0,
  max_tokens: 100,
};
const chosen = await client.chat.completions.create(taught);
seen.chosen = chosen.choices[0].message.tool_calls?.[0].function;
seen.chosenStreamed = { name: "", arguments: "" };
for await (const chunk of await client.chat.completions.create({ ...taught, stream: true })) {
  for (const call of chunk.choices[0]?.delta?.tool_calls ?? []) {
    seen.chosenStreamed.name += call.function.name ?? "";
    seen.chosenStreamed.arguments += call.function.arguments ?? "";
  }
}

try {
  await client.chat.completions.create({ model, messages, max_tokens: 5, chat_template: "x" });
} catch (error) {
  seen.refused = { status: error.status, code: error.code, param: error.param };
}

const controller = new AbortController();
const endless = await client.chat.completions.create(
  {
    model,
    messages: [{ role: "user", content: "hello" }],
    max_tokens: 4000,
    temperature: 0,
    frequency_penalty: -2,
    stream: true,
  },
  { signal: controller.signal },
);
for await (const _ of endless) break;
controller.abort();
seen.aborted = true;
console.log(JSON.stringify(seen));
