// Drives the pages in Firefox over WebDriver BiDi, as a customer and staff would. Prints what was
// seen as JSON; tests/browser/test_firefox.py says what it must be.
//
//   node tests/browser/firefox.mjs URL FIREFOX PICTURE
import puppeteer from "puppeteer-core";

const [, , url, executablePath, picture] = process.argv;
const PATIENCE = 30_000; // milliseconds for a first reading on a busy machine

// Notes each length of the newest answer's text that is drawn.
const WATCH = () => {
  window.lengths = [];
  new MutationObserver(() => {
    const answers = document.querySelectorAll(".turn.assistant .bubble");
    const length = answers[answers.length - 1]?.textContent.length ?? 0;
    if (length !== window.lengths.at(-1)) window.lengths.push(length);
  }).observe(document.getElementById("thread"), { subtree: true, childList: true });
};

async function openPage(browser, faults) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (line) => {
    if (line.type() === "error") faults.push(line.text());
  });
  await page.authenticate({ username: "agent", password: "desk" });
  return page;
}

async function ask(page, question) {
  await page.type("#question", question);
  await page.keyboard.press("Enter");
}

const lastAnswer = (page) =>
  page.waitForFunction(() => {
    const last = [...document.querySelectorAll(".turn.assistant")].at(-1);
    const writing = last?.querySelector(".status");
    const copy = last?.querySelector(".copy");
    return copy?.offsetParent && !writing?.offsetParent ? last.textContent : null;
  });

async function chat(page) {
  await page.goto(`${url}/chat.html`);
  await page.waitForSelector("#questions .ask");
  await page.evaluate(WATCH);
  const input = await page.$("#picker");
  await input.uploadFile(picture);
  await page.waitForSelector("#attachments li");
  await ask(page, "这是什么错误？");
  const text = await (await lastAnswer(page)).jsonValue();
  return { text, lengths: await page.evaluate(() => window.lengths) };
}

const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
try {
  const faults = [];
  const customer = await openPage(browser, faults);
  const asked = await chat(customer);
  console.log(JSON.stringify({ version: await browser.version(), asked, faults }));
} finally {
  await browser.close();
}
