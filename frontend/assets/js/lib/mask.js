// Personal data, hidden before it is written into the browser's storage: as the gateway does it before it stores
// (gateway/privacy/redaction.py, labels.py, numbers.py), by the same table of cases (tests/data/redaction_cases.json).
const NAMED = new Set(["phone", "id_card", "bank_card", "email"]);
const NUMBERS_OF_ORDERS = new Set(["order_number", "waybill_number", "invoice_number"]);
const LOOK_BACK = 40;
const LOOK_AHEAD = 16;
const MAX_LOCAL = 64; // characters before the @, RFC 5321
const MAX_GROUPS = 7; // groups of digits in one number
const LEAST_IN_GROUP = 4; // digits; numbers that are counted up, "218 219 220 221 222", are no card
const CARD_DIGITS = [13, 19];

// Character for character, so that places in the translated text are places in the original.
const FROM = "０１２３４５６７８９＋－–—‑＠．（）：＃＝Ｘｘ\u00a0\u3000";
const TO = "0123456789+----@.():#=Xx  ";

// Words around a number. The text they meet has one space where there was any white space.
const JOIN = String.raw`\.? ?[:#=_(\[【]? ?(?:应该是|就是|是|为|is|was)? ?[:#"'“「(]?`;
const ORDER_NUMBER = String.raw`(?:(?:订单|运单|工单|保单|面单|单据|单|流水|交易|支付|付款|退款|退货|换货|售后|采购|合同|发票|商户|商家|邮件|取件|取货|提货|快递|物流|货运|包裹|序列|受理|参考|批)的?(?:编号|号码|单号|订单号|号|码|ID)|(?<![a-z])(?:order|way ?bill|tracking|awb|invoice|consignment|transaction|ticket|parcel|package|shipment|serial|reference|receipt)[ _-]?(?:number|num|no|id|code))`;
const ORDER_BEFORE = new RegExp(String.raw`(?:${ORDER_NUMBER}|订单|运单|工单|(?<![a-z])(?:order|way ?bill|tracking|awb|invoice|consignment|transaction|ticket|parcel|shipment|serial))${JOIN}$`, "i");
const ORDER_AFTER = new RegExp(String.raw`^ ?(?:(?:是|为|is|was) ?(?:我的|这个|该|my|the|an?)? ?${ORDER_NUMBER}|(?:这个|这笔|这张|这|那个)(?:订单|运单|工单))`, "i");
const CARD_WORD = /银行卡|信用卡|储蓄卡|借记卡|银联|[账帐][号户]|卡(?![住顿死在了着壳机槽])|(?<![\p{L}\p{N}_])(?:card|iban|visa|mastercard|account)(?![\p{L}\p{N}_])/iu;
const CARD_BEFORE = new RegExp(String.raw`(?:卡(?:号码|号)?|[账帐][号户]|(?<![\p{L}\p{N}_])card(?: number| no)?)${JOIN}$`, "iu");
const PHONE_BEFORE = /(?:电话|手机|座机|固话|传真|联系方式|联系|致电|拨打|(?<![\p{L}\p{N}_])(?:(?:tele)?phone|tel|mobile|cell|call|whatsapp|fax))(?:号码|号| ?number| ?no)?\.? ?[:=]? ?(?:是|为|is|at|me at|us at)?$/iu;
const ID_BEFORE = new RegExp(String.raw`(?:身份证|证件|(?<![a-z])id(?:entity)? ?card|(?<![a-z])identity)(?:号码|号| ?number| ?no)?${JOIN}$`, "i");
// Words that are written straight before a number, without a space.
const PREFIXES = new Set(["id", "card", "no", "tel", "phone", "mobile", "cell", "visa", "wx", "vx", "wechat"]);
const SERVICE_LINE = /^(?:400|800|95|96|1[012][0-9])/;

const DOMAIN = /(?:@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})+/g;
const DIGITS = /[0-9]+/g;
const IN_FOURS = /^[3456][0-9]{3}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?$/;
const MOBILE = /(?<!\*{4})(?:(?<![A-Za-z0-9])|(?<=tel)|(?<=phone)|(?<=mobile)|(?<=cell)|(?<=wx)|(?<=vx)|(?<=wechat))(?<![A-Za-z0-9]-)(?<![0-9]\.)((?:\(?(?:\+|00)86\)?[ -]?|\(?86\)?[ -])?)(1[3-9][0-9][ -]{0,3}[0-9]{4}[ -]{0,3}[0-9]{4}|1[3-9][0-9]{2}[ -][0-9]{3}[ -][0-9]{4}|1[3-9][0-9]{3}[ -][0-9]{3}[ -][0-9]{3}|1[3-9][0-9]\.[0-9]{4}\.[0-9]{4})(?![A-Za-z]?[0-9])(?!\.[0-9])(?!-[0-9]{4})(?!\*{3,24}[0-9@])/gi;
const LANDLINE = /(?<![A-Za-z0-9])(?<!\*{4})(?<![A-Za-z0-9][-.])(?:\(?(?:\+|00)86\)?[ -]?\(?0?|\(?0)(?:(?:10|2[0-9])\)?[ -]{0,2}[2-8][0-9]{3}|[3-9][0-9]{2}\)?[ -]{0,2}[2-8][0-9]{2,3})[ -]?[0-9]{4}(?![A-Za-z0-9])(?!\.[0-9])(?!\*{3,24}[0-9@])/g;
const OTHER_PHONE = /(?<![A-Za-z0-9+])(?<!\*{4})(?:\+|\(\+?)?[0-9](?:[ ().-]{0,2}[0-9]){6,16}(?![A-Za-z]?[0-9])(?![.,][0-9])(?![A-Za-z])(?!\*{3,24}[0-9@])/g;

// What an earlier masking left behind a number and before one; Markdown's asterisks are fewer.
const MASKED = /^\*{3,24}[0-9@]/;
const HIDDEN = "****";

// GB/T 2260: the provinces that an identity card can begin with, and 91 for foreigners' permanent residence.
const PROVINCES = new Set("11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83 91".split(" "));
// ISO/IEC 7812 issuers by the lengths that they use.
const UNIONPAY = "6(?:0|2|4[4-9]|5|8)";
const JCB = "35(?:2[89]|[3-8])";
const DINERS = "30[0-5]|3[689]";
const MASTERCARD = "5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720";
const ISSUERS = {
  14: new RegExp(`^(?:${DINERS})`),
  15: /^3[47]/,
  16: new RegExp(`^(?:4|${UNIONPAY}|${MASTERCARD}|${JCB}|${DINERS})`),
  17: new RegExp(`^(?:${UNIONPAY}|${JCB})`),
  18: new RegExp(`^(?:${UNIONPAY}|${JCB})`),
  19: new RegExp(`^(?:4|9558|${UNIONPAY}|${JCB}|${DINERS})`),
};

/** `text` as it may be kept. Masking twice is masking once. */
export function mask(text) {
  let plain = translated(text);
  const spans = [];
  for (const find of [emails, cards, mobiles, landlines, otherPhones]) {
    const found = find(plain);
    plain = filled(plain, found.map(([start, end]) => [start, end, "*".repeat(end - start)]));
    spans.push(...found);
  }
  return filled(text, spans.sort((one, other) => one[0] - other[0]));
}

/** The value of a field that was read under this name. */
export function maskValue(name, value) {
  if (!NAMED.has(name)) return NUMBERS_OF_ORDERS.has(name) ? value : mask(value);
  if (value.includes("*")) return value;
  return name === "email" ? filled(value, emails(translated(value))) : shortened(value, name);
}

const translated = (text) => text.replace(/[^\0-~]/g, (one) => TO[FROM.indexOf(one)] ?? one);
const isDigit = (character) => /^[0-9]$/.test(character);
const isLetter = (character) => /^[A-Za-z]$/.test(character);
const spaced = (text) => text.trim().split(/\s+/).join(" ");
const wordsBefore = (text, start) => spaced(text.slice(Math.max(0, start - LOOK_BACK), start));
const wordsAfter = (text, end) => spaced(text.slice(end, end + LOOK_AHEAD));
const isOrder = (text, start, end) => ORDER_BEFORE.test(wordsBefore(text, start)) || ORDER_AFTER.test(wordsAfter(text, end));

/** `text` with each span replaced; the spans are in order and do not overlap. */
function filled(text, spans) {
  const parts = [];
  let last = 0;
  for (const [start, end, shown] of spans) {
    parts.push(text.slice(last, start), shown);
    last = end;
  }
  return parts.join("") + text.slice(last);
}

/** The parts before the @. */
function emails(plain) {
  const found = [];
  let last = 0;
  for (const match of plain.matchAll(DOMAIN)) {
    let start = match.index;
    while (start > Math.max(last, match.index - MAX_LOCAL) && /[A-Za-z0-9._%+-]/.test(plain[start - 1])) start -= 1;
    if (start < match.index) found.push([start, match.index, `${plain[start]}***`]);
    last = match.index + match[0].length;
  }
  return found;
}

/** Identity cards and bank cards: groups of digits with one space or dash between them. */
function cards(plain) {
  const groups = [...plain.matchAll(DIGITS)].map((match) => [match.index, match.index + match[0].length]);
  const found = [];
  groups.forEach(([start], first) => {
    if (found.length && start < found.at(-1)[1]) return;
    const card = cardAt(plain, groups, first);
    if (card) found.push(card);
  });
  return found;
}

/** The longest card that begins with this group. */
function cardAt(plain, groups, first) {
  const [start, firstEnd] = groups[first];
  if (firstEnd - start < LEAST_IN_GROUP || !startsNumber(plain, start)) return null;
  let digits = "";
  let best = null;
  for (let place = first; place < Math.min(first + MAX_GROUPS, groups.length); place += 1) {
    const [begin, end] = groups[place];
    if (place > first && (begin - groups[place - 1][1] !== 1 || !" -".includes(plain[begin - 1]))) break;
    if (digits.length + end - begin > CARD_DIGITS[1]) break;
    digits += plain.slice(begin, end);
    const card = digits.length >= CARD_DIGITS[0] ? cardOf(plain, start, end, digits) : null;
    // A card's own check goes before what a word says: "卡号 4111 1111 1111 1111 12/28".
    if (card && (!best || card.isCard >= best.isCard)) best = card;
    if (end - begin < LEAST_IN_GROUP) break; // only the last group is that short
  }
  return best && best.span;
}

/** The card with these digits, and whether its structure says so. */
function cardOf(plain, start, end, digits) {
  if (digits.length === 17) [end, digits] = withX(plain, end, digits);
  if (!endsNumber(plain, end)) return null;
  // No word ends in a digit, so a number behind another one has no name.
  const behindNumber = isDigit(plain.slice(Math.max(0, start - 2), start).replace(/^[ -]+|[ -]+$/g, "").slice(-1));
  const before = behindNumber ? "" : wordsBefore(plain, start);
  if (digits.length === 15 || digits.length === 18) {
    const isCard = isIdentityCard(digits);
    if (ID_BEFORE.test(before) || (isCard && !isOrder(plain, start, end))) return { isCard, span: [start, end, shortened(digits, "id_card")] };
  }
  const afterDash = plain[start - 1] === "-" && isDigit(plain[start - 2] ?? "");
  if (/^[0-9]+$/.test(digits) && !afterDash) {
    const isCard = isBankCard(digits) || (luhn(digits) && looksLikeCard(plain, start, end));
    if ((isCard || CARD_BEFORE.test(before)) && !isOrder(plain, start, end)) return { isCard, span: [start, end, shortened(digits, "bank_card")] };
  }
  return null;
}

const looksLikeCard = (plain, start, end) =>
  IN_FOURS.test(plain.slice(start, end)) || CARD_WORD.test(wordsBefore(plain, start)) || CARD_WORD.test(wordsAfter(plain, end));

/** An identity card may end in X, with a separator before it. */
function withX(plain, end, digits) {
  for (const gap of [0, 1]) {
    if (/^[Xx]$/.test(plain[end + gap] ?? "") && (!gap || " -".includes(plain[end]))) return [end + gap + 1, digits + plain[end + gap]];
  }
  return [end, digits];
}

/** Whether no letter, digit or decimal point belongs to the number before its first digit. */
function startsNumber(plain, start) {
  const last = plain[start - 1] ?? "";
  if (isLetter(last)) return PREFIXES.has(plain.slice(Math.max(0, start - 10), start).match(/[A-Za-z]*$/)[0].toLowerCase());
  return plain.slice(Math.max(0, start - 4), start) !== HIDDEN && !(last === "." && isDigit(plain[start - 2] ?? ""));
}

const endsNumber = (plain, end) =>
  plain[end] === "." ? !isDigit(plain[end + 1] ?? "") : !isLetter(plain[end] ?? "") && !MASKED.test(plain.slice(end, end + 24));

const mobiles = (plain) => matches(plain, MOBILE, (match) => match[1] + shortened(match[2], "phone"));
const landlines = (plain) => matches(plain, LANDLINE, phone);
const otherPhones = (plain) => matches(plain, OTHER_PHONE, (match) => (isPhone(match) ? phone(match) : null));
const phone = (match) => (match[0].includes("+") ? "+" : "") + shortened(match[0], "phone");

/** What `shown` makes of each match that is no order number; null leaves a match alone. */
function matches(plain, pattern, shown) {
  const found = [];
  for (const match of plain.matchAll(pattern)) {
    const end = match.index + match[0].length;
    const text = shown(match);
    if (text !== null && !isOrder(plain, match.index, end)) found.push([match.index, end, text]);
  }
  return found;
}

function isPhone(match) {
  const digits = match[0].replace(/[^0-9]/g, "");
  if (match[0].slice(0, 2).includes("+") || digits.startsWith("00")) return digits.length >= 9 && digits.length <= 15;
  return digits.length >= 7 && digits.length <= 15 && !SERVICE_LINE.test(digits) && PHONE_BEFORE.test(wordsBefore(match.input, match.index));
}

/** 138****5678, 110***********123X, 6222***********0123: at least four characters are hidden where there are that many. */
function shortened(value, name) {
  const kept = translated(value).replace(name === "id_card" ? /[^0-9Xx+]/g : /[^0-9]/g, "");
  const tail = kept.length >= 10 ? 4 : 2;
  const head = Math.max(1, Math.min(name === "bank_card" ? 4 : 3, kept.length - tail - 4));
  return kept.slice(0, head) + "*".repeat(Math.max(4, kept.length - head - tail)) + kept.slice(-tail);
}

/** ISO/IEC 7812-1, annex B. */
function luhn(number) {
  const digits = [...number].reverse().map((digit, place) => (place % 2 ? Math.floor((digit * 2) / 10) + ((digit * 2) % 10) : Number(digit)));
  return digits.reduce((sum, digit) => sum + digit, 0) % 10 === 0;
}

/** An issuer's prefix, a length that it uses, and the check digit. */
const isBankCard = (digits) => Boolean(ISSUERS[digits.length]?.test(digits)) && luhn(digits);

/** GB 11643-1999 without its check digit: a province and a date of birth; 15 digits before 1999, without the century. */
function isIdentityCard(number) {
  if (!PROVINCES.has(number.slice(0, 2))) return false;
  if (number.length === 15) return number[6] >= "2" && isDate(1900 + Number(number.slice(6, 8)), number.slice(8, 12));
  const year = Number(number.slice(6, 10));
  return number.length === 18 && year >= 1900 && year <= 2099 && isDate(year, number.slice(10, 14));
}

function isDate(year, monthDay) {
  const [month, day] = [Number(monthDay.slice(0, 2)), Number(monthDay.slice(2))];
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
