// The words around a number that say what it is, as in gateway/privacy/labels.py.
//
// All patterns look at text in which each run of white space is one space, so that no pattern has
// two repeats side by side.
const LOOK_BACK = 40; // characters
const LOOK_AHEAD = 16;

const source = String.raw;
const pattern = (flags, ...parts) => new RegExp(parts.join(""), flags);

const NO_LETTER_BEFORE = source`(?<![a-z])`;
const NO_WORD_BEFORE = source`(?<![\p{L}\p{N}_])`;
const NO_WORD_AFTER = source`(?![\p{L}\p{N}_])`;
// Between a label and its number: "订单号：", "order no. is #", "单号（", "【订单号】",
// `"order_no": "`, "**订单号** - "; \x60 is a backtick.
const JOIN = [
  source`\.?[ "'”」)\]】*\x60]{0,4}(?:->|[:#=_(\[【→|-])?[ :#"'“「(\[【*\x60]{0,4}`,
  source`(?:(?:应该是|就是|是|为|is|was)[ :#"'“「(\[【*\x60]{0,4})?`,
].join("");

const CHINESE_ORDERS = [
  "订单|运单|工单|保单|面单|单据|单|流水|交易|支付|付款|退款|退货|换货|售后",
  "采购|合同|发票|商户|商家",
  "邮件|取件|取货|提货|快递|物流|货运|包裹|序列|受理|参考|批",
].join("|");
const ORDERS =
  "order|way ?bill|tracking|awb|invoice|consignment|transaction|ticket|parcel|shipment";
const ORDER_NUMBER = [
  source`(?:(?:${CHINESE_ORDERS})[的 ]?(?:编号|号码|单号|订单号|号|码|ID)`,
  source`|${NO_LETTER_BEFORE}(?:${ORDERS}|package|serial|reference|receipt)`,
  source`[ _-]?(?:number|num|no|nr|id|code))`,
].join("");
const ORDER_BEFORE = pattern(
  "i",
  source`(?:${ORDER_NUMBER}|订单|运单|工单|${NO_LETTER_BEFORE}(?:${ORDERS}|serial))`,
  source`${JOIN}$`,
);
const ORDER_AFTER = pattern(
  "i",
  source`^ ?(?:(?:是|为|is|was) ?(?:我的|这个|该|my|the|an?)? ?${ORDER_NUMBER}`,
  source`|(?:这个|这笔|这张|这|那个)(?:订单|运单|工单))`,
);
const CARD_WORD = pattern(
  "iu",
  source`银行卡|信用卡|储蓄卡|借记卡|银联|[账帐][号户]|卡(?![住顿死在了着壳机槽])`,
  source`|${NO_WORD_BEFORE}(?:card|iban|visa|mastercard|account)${NO_WORD_AFTER}`,
);
const CARD_BEFORE = pattern(
  "iu",
  source`(?:卡(?:号码|号)?|[账帐][号户]|${NO_WORD_BEFORE}card(?: number| no)?)${JOIN}$`,
);
const PHONE_BEFORE = pattern(
  "iu",
  source`(?:电话|手机|座机|固话|传真|联系方式|联系|致电|拨打`,
  source`|${NO_WORD_BEFORE}(?:(?:tele)?phone|tel|mobile|cell|call|whatsapp|fax))`,
  source`(?:号码|号| ?number| ?no)?\.? ?[:=]? ?(?:是|为|is|at|me at|us at)?$`,
);
const ID_BEFORE = pattern(
  "i",
  source`(?:身份证|证件|${NO_LETTER_BEFORE}id(?:entity)? ?card|${NO_LETTER_BEFORE}identity)`,
  source`(?:号码|号| ?number| ?no)?${JOIN}$`,
);

const spaced = (text) => text.trim().split(/\s+/).join(" ");
const wordsBefore = (text, start) => spaced(text.slice(Math.max(0, start - LOOK_BACK), start));
const wordsAfter = (text, end) => spaced(text.slice(end, end + LOOK_AHEAD));

/** Whether the words around text[start:end] call it the number of an order or the like. */
export function isOrder(text, start, end) {
  return ORDER_BEFORE.test(wordsBefore(text, start)) || ORDER_AFTER.test(wordsAfter(text, end));
}

/** Whether the words around text[start:end] mention a bank card or an account. */
export function mentionsCard(text, start, end) {
  return CARD_WORD.test(wordsBefore(text, start)) || CARD_WORD.test(wordsAfter(text, end));
}

export const isCalledCard = (text, start) => CARD_BEFORE.test(wordsBefore(text, start));
export const isCalledPhone = (text, start) => PHONE_BEFORE.test(wordsBefore(text, start));
export const isCalledId = (text, start) => ID_BEFORE.test(wordsBefore(text, start));
