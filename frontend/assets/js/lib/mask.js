// What is nobody's business, hidden before it is written into the browser's storage: as the gateway does it before it stores
// (gateway/store/mask.py), by the same table of cases (tests/gateway/mask_cases.json).
const NAMED = new Set(["phone", "id_card", "bank_card", "email"]);
const NUMBERS_OF_ORDERS = new Set(["order_number", "waybill_number", "invoice_number"]);
const LOOK_BACK = 40;
const LOOK_AHEAD = 12;

// Character for character, so that places in the translated text are places in the original.
const FROM = "０１２３４５６７８９＋－–—‑＠．（）：＃＝Ｘｘ\u00a0\u3000";
const TO = "0123456789+----@.():#=Xx  ";

const ORDER_LABEL = /(?:(?:订单|运单|工单|保单|面单|单|流水|交易|发票|商户|邮件|取件|快递|物流|序列|批)(?:编号|号码|单号|号|码|ID)|订单|运单|工单|(?:order|way\s?bill|tracking|awb|invoice|consignment|transaction|ticket|parcel|shipment|serial)\s*(?:no|number|id)?\.?)\s*[:#=_]?\s*(?:是|为|is|was)?\s*[:"'“「]?\s*$/i;
const CARD_WORD = /银行卡|信用卡|储蓄卡|借记卡|银联|[账帐][号户]|卡(?![住顿死在了着壳机槽])|\b(?:card|iban|visa|mastercard|account)\b/i;
const PHONE_LABEL = /(?:电话|手机|座机|固话|传真|联系方式|联系|致电|拨打|\b(?:tele)?phone|\btel|\bmobile|\bcell|\bcall|\bwhatsapp|\bfax)(?:号码|号|\s?number|\s?no)?\.?\s*[:=]?\s*(?:是|为|is|at|me at|us at)?\s*$/i;
const ID_LABEL = /(?:身份证|证件|\bid(?:entity)?\s?card)(?:号码|号|\s?number|\s?no)?\.?\s*[:=]?\s*(?:是|为|is)?\s*$/i;
const SERVICE_LINE = /^(?:400|800|95|96|1[012]\d)/;

const EMAIL = /([A-Za-z0-9._%+-]{1,64})@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8})/g;
const ID_CARD = /(?<![A-Za-z0-9])(?:\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx]|\d{15})(?![A-Za-z0-9])/g;
const BANK_CARDS = [
  /(?<![A-Za-z0-9])(?<!\d-)(?:\d{4}(?:[ -]?\d{4}){2,3}(?:[ -]?\d{1,3})?|3[47]\d\d[ -]\d{6}[ -]\d{5})(?![A-Za-z0-9])/g,
  /(?<![A-Za-z0-9])(?<!\d-)\d{4}(?:[ -]?\d{4}){3}(?![A-Za-z0-9])/g,
];
const IN_FOURS = /^[3456]\d{3}(?:[ -]\d{4}){3}(?:[ -]\d{1,3})?$/;
const MOBILE = /(?:(?<![A-Za-z0-9])|(?<=tel)|(?<=phone)|(?<=mobile))(?<![A-Za-z0-9]-)(?<!\d\.)((?:\(?(?:\+|00)86\)?[ -]?|\(?86\)?[ -])?)(1[3-9]\d[ -]?\d{4}[ -]?\d{4}|1[3-9]\d\d[ -]\d{3}[ -]\d{4}|1[3-9]\d{3}[ -]\d{3}[ -]\d{3}|1[3-9]\d\.\d{4}\.\d{4})(?![A-Za-z]?\d)(?!\.\d)(?!-\d{4})/gi;
const OTHER_PHONE = /(?<![A-Za-z0-9+])(?:\+|\(\+?)?\d(?:[ ().-]{0,2}\d){6,16}(?![A-Za-z]?\d)(?![.,]\d)(?![A-Za-z])/g;

/** `text` as it may be kept. Masking twice is masking once. */
export function mask(text) {
  text = replaced(text, EMAIL, ([, local, domain]) => `${local[0]}***@${domain}`);
  text = replaced(text, ID_CARD, idCardOf);
  for (const pattern of BANK_CARDS) text = replaced(text, pattern, bankCardOf);
  text = replaced(text, MOBILE, mobileOf);
  return replaced(text, OTHER_PHONE, otherPhoneOf);
}

/** The value of a field that was read under this name. */
export function maskValue(name, value) {
  if (!NAMED.has(name)) return NUMBERS_OF_ORDERS.has(name) ? value : mask(value);
  if (value.includes("*")) return value;
  return name === "email" ? mask(value) : shortened(value, name);
}

const plain = (text) => text.replace(/[^\0-~]/g, (one) => TO[FROM.indexOf(one)] ?? one);

/** `text` with what `hidden` makes of each match; null leaves a match alone. */
function replaced(text, pattern, hidden) {
  const parts = [];
  let end = 0;
  for (const match of plain(text).matchAll(pattern)) {
    const made = hidden(match);
    if (made === null) continue;
    parts.push(text.slice(end, match.index), made);
    end = match.index + match[0].length;
  }
  return parts.join("") + text.slice(end);
}

const before = ({ index, input }) => input.slice(Math.max(0, index - LOOK_BACK), index);

function idCardOf(match) {
  const number = match[0].replace(/[ -]/g, "");
  const known = ID_LABEL.test(before(match)) || (isIdCard(number) && !ORDER_LABEL.test(before(match)));
  return known ? shortened(number, "id_card") : null;
}

function bankCardOf(match) {
  const digits = match[0].replace(/\D/g, "");
  if (digits.length < 13 || digits.length > 19 || !luhn(digits) || ORDER_LABEL.test(before(match))) return null;
  const end = match.index + match[0].length;
  const saysCard = CARD_WORD.test(before(match)) || CARD_WORD.test(match.input.slice(end, end + LOOK_AHEAD)) || IN_FOURS.test(match[0]);
  return saysCard ? shortened(digits, "bank_card") : null;
}

const mobileOf = (match) => (ORDER_LABEL.test(before(match)) ? null : match[1] + shortened(match[2], "phone"));

function otherPhoneOf(match) {
  const digits = match[0].replace(/\D/g, "");
  const international = match[0].startsWith("+") && digits.length >= 10 && digits.length <= 15;
  const named = digits.length >= 7 && digits.length <= 15 && !SERVICE_LINE.test(digits) && PHONE_LABEL.test(before(match));
  if (!(international || named) || ORDER_LABEL.test(before(match))) return null;
  return (match[0].includes("+") ? "+" : "") + shortened(digits, "phone");
}

/** 138****5678, 110***********123X, 6222***********0123: at least four characters are hidden where there are that many. */
function shortened(value, name) {
  const kept = plain(value).replace(name === "id_card" ? /[^0-9Xx+]/g : /\D/g, "");
  const tail = kept.length >= 10 ? 4 : 2;
  const head = Math.max(1, Math.min(name === "bank_card" ? 4 : 3, kept.length - tail - 4));
  return kept.slice(0, head) + "*".repeat(Math.max(4, kept.length - head - tail)) + kept.slice(-tail);
}

/** ISO/IEC 7812-1, annex B. */
function luhn(number) {
  const digits = [...number].reverse().map((digit, place) => (place % 2 ? Math.floor((digit * 2) / 10) + ((digit * 2) % 10) : Number(digit)));
  return digits.reduce((sum, digit) => sum + digit, 0) % 10 === 0;
}

/** GB 11643-1999: a province, a date of birth, and ISO 7064 MOD 11-2 over 17 digits. */
function isIdCard(number) {
  if (!/^[1-8]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]$/.test(number)) return false;
  const sum = [...number.slice(0, 17)].reduce((total, digit, place) => total + digit * (2 ** (17 - place) % 11), 0);
  return "10X98765432"[sum % 11] === number[17].toUpperCase();
}
