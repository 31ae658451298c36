// Texts of the view "figures", in both languages. Loaded with it.
const zhCN = {};

const en = {};

/** {locale: {key: text}}, for `addTexts`. */
export const figuresTexts = { "zh-CN": zhCN, en };
