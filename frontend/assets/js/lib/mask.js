// Masks personal data before it is written into the browser's storage, exactly as the gateway does
// before it stores (gateway/privacy/redaction.py): tests/data/redaction_cases.json holds both.
import { isBankCard, isIdentityCard, luhn } from "./mask/check-digits.js";
import { isCalledCard, isCalledId, isCalledPhone, isOrder, mentionsCard } from "./mask/labels.js";

const PERSONAL_FIELDS = new Set(["phone", "id_card", "bank_card", "email"]);
const ORDER_FIELDS = new Set([
  "order_number",
  "waybill_number",
  "invoice_number",
  "transaction_number",
  "contract_number",
]);
const MAX_LOCAL = 64; // characters before the @, RFC 5321
const MAX_GROUPS = 7; // groups of digits in one number
const MIN_GROUP = 4; // digits; lists such as "218 219 220 221 222" are no card
const [MIN_CARD, MAX_CARD] = [13, 19]; // digits
const [MIN_PHONE, MIN_FOREIGN_PHONE, MAX_PHONE] = [7, 9, 15]; // digits

// Character for character, so that places in the translated text are places in the original.
const FROM = "０１２３４５６７８９＋－–—‑＠．（）：＃＝Ｘｘ\u00a0\u3000";
const TO = "0123456789+----@.():#=Xx  ";

const source = String.raw;
const pattern = (flags, ...parts) => new RegExp(parts.join(""), flags);

// Labels that are written straight before a number, without a space.
const PREFIXES = new Set("id card no tel phone mobile cell visa wx vx wechat".split(" "));
const SERVICE_LINE = /^(?:400|800|95|96|1[012][0-9])/;
const DOMAIN = /(?:@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})+/g;
const DIGITS = /[0-9]+/g;
const IN_FOURS = /^[3456][0-9]{3}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?$/;
const MAX_SHOWN = 8; // digits of a masked number: four of its head and four of its tail
// A masked number has at least four asterisks, more than Markdown's emphasis.
const NOT_MASKED_BEFORE = source`(?<!\*{4})`;
const NOT_MASKED_AFTER = source`(?!\*{3,24}[0-9@])`;
const MASKED_AFTER = /^\*{3,24}[0-9@]/;

const MOBILE = pattern(
  "gi",
  NOT_MASKED_BEFORE,
  source`(?:(?<![A-Za-z0-9])|(?<=tel)|(?<=phone)|(?<=mobile)|(?<=cell)|(?<=wx)|(?<=vx)`,
  source`|(?<=wechat))`,
  source`(?<![A-Za-z0-9]-)(?<![0-9]\.)`,
  source`((?:\(?(?:\+|00)86\)?[ -]?|\(?86\)?[ -])?)`,
  source`(1[3-9][0-9][ -]{0,3}[0-9]{4}[ -]{0,3}[0-9]{4}`,
  source`|1[3-9][0-9]{2}[ -][0-9]{3}[ -][0-9]{4}`,
  source`|1[3-9][0-9]{3}[ -][0-9]{3}[ -][0-9]{3}`,
  source`|1[3-9][0-9]\.[0-9]{4}\.[0-9]{4})`,
  source`(?![A-Za-z]?[0-9])(?!\.[0-9])(?!-[0-9]{4})`,
  NOT_MASKED_AFTER,
);
const LANDLINE = pattern(
  "g",
  source`(?<![A-Za-z0-9])${NOT_MASKED_BEFORE}(?<![A-Za-z0-9][-.])`,
  source`(?:\(?(?:\+|00)86\)?[ -]?\(?0?|\(?0)`,
  source`(?:(?:10|2[0-9])\)?[ -]{0,2}[2-8][0-9]{3}|[3-9][0-9]{2}\)?[ -]{0,2}[2-8][0-9]{2,3})`,
  source`[ -]?[0-9]{4}(?![A-Za-z0-9])(?!\.[0-9])`,
  NOT_MASKED_AFTER,
);
const OTHER_PHONE = pattern(
  "g",
  source`(?<![A-Za-z0-9+])${NOT_MASKED_BEFORE}(?:\+|\(\+?)?[0-9](?:[ ().-]{0,2}[0-9]){6,16}`,
  source`(?![A-Za-z]?[0-9])(?![.,][0-9])(?![A-Za-z])`,
  NOT_MASKED_AFTER,
);

/** `text` with its personal data masked. Masking a masked text changes nothing. */
export function mask(text) {
  let plain = translated(text);
  const spans = [];
  for (const find of [emails, cards, mobiles, landlines, otherPhones]) {
    const found = find(plain);
    // What one kind has found, the next must not find again.
    const hidden = found.map(([start, end]) => [start, end, "*".repeat(end - start)]);
    plain = replaced(plain, hidden);
    spans.push(...found);
  }
  spans.sort((one, other) => one[0] - other[0]);
  return replaced(text, spans);
}

/** The masked value of a field that was read under this name. */
export function maskValue(name, value) {
  if (!PERSONAL_FIELDS.has(name)) return ORDER_FIELDS.has(name) ? value : mask(value);
  if (name === "email") return replaced(value, emails(translated(value)));
  return isShortened(value) ? value : shortened(value, name);
}

/** Whether an earlier masking hid the middle: a lone asterisk is a mark that the reader saw. */
const isShortened = (value) =>
  value.includes("****") && translated(value).replace(/[^0-9]/g, "").length <= MAX_SHOWN;

const translated = (text) => text.replace(/[^\0-~]/g, (one) => TO[FROM.indexOf(one)] ?? one);
const isDigit = (character) => /^[0-9]$/.test(character);
const isLetter = (character) => /^[A-Za-z]$/.test(character);

/** `text` with each span [start, end, shown] replaced; spans are in order and do not overlap. */
function replaced(text, spans) {
  const parts = [];
  let last = 0;
  for (const [start, end, shown] of spans) {
    parts.push(text.slice(last, start), shown);
    last = end;
  }
  return parts.join("") + text.slice(last);
}

/** Spans of the parts before the @. */
function emails(plain) {
  const found = [];
  let last = 0;
  for (const match of plain.matchAll(DOMAIN)) {
    const earliest = Math.max(last, match.index - MAX_LOCAL);
    let start = match.index;
    while (start > earliest && /[A-Za-z0-9._%+-]/.test(plain[start - 1])) start -= 1;
    if (start < match.index) found.push([start, match.index, `${plain[start]}***`]);
    last = match.index + match[0].length;
  }
  return found;
}

/** Identity cards and bank cards: groups of digits with one space or dash between them. */
function cards(plain) {
  const groups = [...plain.matchAll(DIGITS)].map(({ index, 0: digits }) => {
    return [index, index + digits.length];
  });
  const found = [];
  groups.forEach(([start], first) => {
    if (found.length && start < found.at(-1)[1]) return;
    const card = cardAt(plain, groups, first);
    if (card) found.push(card);
  });
  return found;
}

/** The longest card that begins with this group, or null. */
function cardAt(plain, groups, first) {
  const [start, firstEnd] = groups[first];
  if (firstEnd - start < MIN_GROUP || !startsNumber(plain, start)) return null;
  let digits = "";
  let best = null;
  for (let place = first; place < Math.min(first + MAX_GROUPS, groups.length); place += 1) {
    const [begin, end] = groups[place];
    const gap = place > first ? plain.slice(groups[place - 1][1], begin) : " ";
    if (gap !== " " && gap !== "-") break;
    if (digits.length + end - begin > MAX_CARD) break;
    digits += plain.slice(begin, end);
    const card = digits.length >= MIN_CARD ? cardOf(plain, start, end, digits) : null;
    // The digits' own check outweighs a label: "卡号 4111 1111 1111 1111 12/28".
    if (card && (!best || card.isCard >= best.isCard)) best = card;
    if (end - begin < MIN_GROUP) break; // only the last group may be this short
  }
  return best && best.span;
}

/** {span, isCard} of a card with these digits, or null. `isCard`: its digits pass their check. */
function cardOf(plain, start, groupEnd, groupDigits) {
  const mayEndInX = groupDigits.length === 17;
  const [end, digits] = mayEndInX ? withX(plain, groupEnd, groupDigits) : [groupEnd, groupDigits];
  if (!endsNumber(plain, end)) return null;
  const found = (isCard, name) => ({ isCard, span: [start, end, shortened(digits, name)] });
  const isUnlabelled = followsNumber(plain, start); // a label is never before two numbers
  if (digits.length === 15 || digits.length === 18) {
    const isCard = isIdentityCard(digits);
    const isCalled = !isUnlabelled && isCalledId(plain, start);
    if (isCalled || (isCard && !isOrder(plain, start, end))) return found(isCard, "id_card");
  }
  const followsDash = plain[start - 1] === "-" && isDigit(plain[start - 2] ?? "");
  if (!/^[0-9]+$/.test(digits) || followsDash) return null;
  const isCard = isBankCard(digits) || (luhn(digits) && looksLikeCard(plain, start, end));
  const isCalled = !isUnlabelled && isCalledCard(plain, start);
  return (isCard || isCalled) && !isOrder(plain, start, end) ? found(isCard, "bank_card") : null;
}

function followsNumber(plain, start) {
  const before = plain.slice(Math.max(0, start - 2), start).replace(/^[ -]+|[ -]+$/g, "");
  return isDigit(before.slice(-1));
}

function looksLikeCard(plain, start, end) {
  return IN_FOURS.test(plain.slice(start, end)) || mentionsCard(plain, start, end);
}

/** An identity card may end in X, perhaps after a space or a dash. */
function withX(plain, end, digits) {
  for (const gap of [0, 1]) {
    const isX = /^[Xx]$/.test(plain[end + gap] ?? "");
    if (isX && (!gap || " -".includes(plain[end]))) {
      return [end + gap + 1, digits + plain[end + gap]];
    }
  }
  return [end, digits];
}

/** Whether no letter, digit or decimal point belongs to the number before its first digit. */
function startsNumber(plain, start) {
  const last = plain[start - 1] ?? "";
  const before = plain.slice(Math.max(0, start - 10), start);
  if (isLetter(last)) return PREFIXES.has(before.match(/[A-Za-z]*$/)[0].toLowerCase());
  return !before.endsWith("****") && !(last === "." && isDigit(plain[start - 2] ?? ""));
}

function endsNumber(plain, end) {
  if (plain[end] === ".") return !isDigit(plain[end + 1] ?? "");
  return !isLetter(plain[end] ?? "") && !MASKED_AFTER.test(plain.slice(end, end + 24));
}

const mobiles = (plain) =>
  matches(plain, MOBILE, (match) => match[1] + shortened(match[2], "phone"));
const landlines = (plain) => matches(plain, LANDLINE, phone);
const otherPhones = (plain) =>
  matches(plain, OTHER_PHONE, (match) => (isPhone(match) ? phone(match) : null));
const phone = (match) => (match[0].includes("+") ? "+" : "") + shortened(match[0], "phone");

/** Spans of matches that are no order number, shown as `shown(match)`; null leaves one alone. */
function matches(plain, wanted, shown) {
  const found = [];
  for (const match of plain.matchAll(wanted)) {
    const end = match.index + match[0].length;
    const text = shown(match);
    if (text !== null && !isOrder(plain, match.index, end)) found.push([match.index, end, text]);
  }
  return found;
}

function isPhone(match) {
  const digits = match[0].replace(/[^0-9]/g, "");
  if (digits.length > MAX_PHONE) return false;
  const isForeign = match[0].slice(0, 2).includes("+") || digits.startsWith("00");
  if (isForeign) return digits.length >= MIN_FOREIGN_PHONE;
  if (digits.length < MIN_PHONE || SERVICE_LINE.test(digits)) return false;
  return isCalledPhone(match.input, match.index);
}

/** 138****5678, 110***********123X, 6222***********0123: hides four characters or more. */
function shortened(value, name) {
  const kept = translated(value).replace(name === "id_card" ? /[^0-9Xx+]/g : /[^0-9]/g, "");
  const tail = kept.length >= 10 ? 4 : 2;
  const head = Math.max(1, Math.min(name === "bank_card" ? 4 : 3, kept.length - tail - 4));
  const hidden = Math.max(4, kept.length - head - tail);
  return kept.slice(0, head) + "*".repeat(hidden) + kept.slice(-tail);
}
