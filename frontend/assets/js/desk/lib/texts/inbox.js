// Texts of the view "inbox", in both languages. Loaded with it.
const zhCN = {};

const en = {};

/** {locale: {key: text}}, for `addTexts`. */
export const inboxTexts = { "zh-CN": zhCN, en };
