// Texts of the view "system", in both languages. Loaded with it.
const zhCN = {};

const en = {};

/** {locale: {key: text}}, for `addTexts`. */
export const systemTexts = { "zh-CN": zhCN, en };
