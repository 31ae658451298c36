// Texts of the view "quality", in both languages. Loaded with it.
const zhCN = {};

const en = {};

/** {locale: {key: text}}, for `addTexts`. */
export const qualityTexts = { "zh-CN": zhCN, en };
