// What a number is by its digits alone, as in gateway/privacy/check_digits.py.

// GB/T 2260: the provinces that an identity card begins with; 91: foreigners' permanent residence.
const PROVINCES = new Set(
  (
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 " +
    "61 62 63 64 65 71 81 82 83 91"
  ).split(" "),
);
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

/** ISO/IEC 7812-1, annex B. */
export function luhn(number) {
  const doubled = (digit) => Math.floor((digit * 2) / 10) + ((digit * 2) % 10);
  const digits = [...number].reverse().map(Number);
  const sum = digits.reduce((total, digit, place) => {
    return total + (place % 2 ? doubled(digit) : digit);
  }, 0);
  return sum % 10 === 0;
}

/** An issuer's prefix, a length that the issuer uses, and the check digit. */
export function isBankCard(digits) {
  return Boolean(ISSUERS[digits.length]?.test(digits)) && luhn(digits);
}

/**
 * GB 11643-1999 without its check digit: a province and a date of birth. Cards from before 1999
 * have 15 digits and no century.
 */
export function isIdentityCard(number) {
  if (!PROVINCES.has(number.slice(0, 2))) return false;
  if (number.length === 15) {
    return number[6] >= "2" && isDate(1900 + Number(number.slice(6, 8)), number.slice(8, 12));
  }
  const year = Number(number.slice(6, 10));
  return number.length === 18 && year >= 1900 && year <= 2099 && isDate(year, number.slice(10, 14));
}

function isDate(year, monthDay) {
  const [month, day] = [Number(monthDay.slice(0, 2)), Number(monthDay.slice(2))];
  const date = new Date(Date.UTC(year, month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}
