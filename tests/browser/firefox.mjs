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

async function openPage(browser, username, faults) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (line) => {
    if (line.type() === "error") faults.push(line.text());
  });
  await page.authenticate({ username, password: "desk" });
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

// The customer asks for a person; staff claim and answer.
async function handOver(customer, staff) {
  await staff.goto(`${url}/desk.html`);
  await staff.waitForSelector(".inbox .filters");
  await customer.click(".turn.assistant .handoff");
  await (await customer.waitForSelector("dialog textarea")).type("请帮帮我");
  await customer.click("dialog button[type=submit].primary");
  const shown = await customer.waitForSelector(".turn.handoff .number");
  const number = (await shown.evaluate((one) => one.textContent)).replace(/\D/g, "");
  const row = await staff.waitForSelector(`.queue .rows a ::-p-text(#${number})`);
  await row.click();
  const claim = "button[data-step=claim]";
  await staff.waitForSelector(claim, { visible: true });
  await staff.click(claim);
  await staff.waitForSelector("form.reply", { visible: true });
  await staff.type("form.reply textarea", "您好，我来处理。");
  await staff.keyboard.press("Enter");
  const message = await customer.waitForSelector(".turn.staff");
  return { number, message: await message.evaluate((one) => one.textContent) };
}

const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true });
try {
  const faults = [];
  const customer = await openPage(browser, "agent", faults);
  const staff = await openPage(browser, "li", faults);
  const asked = await chat(customer);
  const handedOver = await handOver(customer, staff);
  console.log(JSON.stringify({ asked, handedOver, faults }));
} finally {
  await browser.close();
}
