// Texts of the view "approvals", in both languages. Loaded with it.
const zhCN = {};

const en = {};

/** {locale: {key: text}}, for `addTexts`. */
export const approvalsTexts = { "zh-CN": zhCN, en };
