// Every word of the page, in both languages. A test holds that no key is missing.
export const TEXTS = {
  "zh-CN": {
    skip: "跳到输入框", newConversation: "新对话", searchQuestions: "搜索常见问题", commonQuestions: "常见问题", conversations: "对话记录",
    openMenu: "打开菜单", switchLanguage: "切换语言", switchTheme: "切换明暗", attach: "添加图片或 PDF", yourQuestion: "您的问题",
    placeholder: "描述问题，或拖入、粘贴截图…", send: "发送", stop: "停止", dropHere: "松开即可添加截图", close: "关闭", languageName: "EN",
    welcomeTitle: "把截图给我看看", welcomeText: "拖入运单、发票、报错或支付失败的截图，再问一句。回答会引用公司的条款。",
    hint: "JPG、PNG、WebP、HEIC、PDF · 每张最大 {size}，一次最多 {count} 张 · Enter 发送，Shift+Enter 换行",
    uploading: "正在上传", queued: "排队中，第 {position} 位", reading: "正在读图", thinking: "思考中…", writing: "正在回答", seconds: "{seconds} 秒",
    fieldsTitle: "我从图中读到", copy: "复制", insert: "插入工单", copied: "已复制", retry: "重试", retryIn: "{seconds} 秒后可重试", remove: "移除", clause: "第 {clause} 条",
    degraded: "智能引擎暂时不可用，正由内置引擎根据知识库回答。", ready: "就绪", tooLarge: "{name} 有 {size}，每张最大 {limit}",
    wrongType: "{name} 不是可识别的图片：请用 JPG、PNG、WebP、HEIC 或 PDF", tooMany: "一次最多 {count} 张图片", noStorage: "浏览器不允许保存，刷新后对话会丢失。",
    stopped: "已停止。", answerDone: "回答完成", picture: "图片", defaultQuestion: "请看这张图，告诉我是什么问题、该怎么办。",
    error_network: "网络不通，没有连上服务器。请检查网络后重试。", error_cut: "回答在中途断开了。请重试。", error_invalid_api_key: "没有登录或登录已失效，请刷新页面重新登录。",
    error_invalid_token: "登录已过期，请从原页面重新打开。", error_ip_not_allowed: "您所在的网络不允许访问。", error_origin_not_allowed: "这个页面的来源不被允许。",
    error_rate_limit_exceeded: "问得太快了，请稍等。", error_queue_full: "现在排队的人很多，请稍后再试。", error_invalid_image: "图片损坏或不完整，请重新保存后再发。",
    error_too_many_images: "图片太多：一次最多 {count} 张。", error_image_too_large: "图片太大：每张最大 {size}。", error_body_too_large: "内容太大，请减少图片。",
    error_pdf_too_large: "PDF 页数太多：最多 {pages} 页。", error_unsupported_media_type: "不支持这种文件：请用 JPG、PNG、WebP、HEIC 或 PDF。", error_context_length_exceeded: "内容太长，请缩短后再问。",
    error_upstream_unavailable: "智能引擎暂时不可用，请稍后重试。", error_upstream_timeout: "等待回答超时，请重试。", error_upstream_error: "智能引擎出错了，请重试。",
    error_file_not_found: "图片已不在服务器上，请重新上传。", error_request_timeout: "上传太慢被中断，请重试。", error_invalid_request: "请求有误：{message}", error_invalid_json: "请求格式有误，请刷新页面后重试。", error_unsupported_parameter: "请求里有不支持的参数：{message}",
    error_not_found: "没有找到，可能已经过期。", error_model_not_found: "没有这个模型，请联系管理员。", error_method_not_allowed: "不支持这样的请求，请刷新页面后重试。",
    engine_downloading: "智能引擎正在下载模型", engine_starting: "智能引擎正在启动", engine_loading: "智能引擎正在加载模型", engine_compiling: "智能引擎正在准备", engine_warming: "智能引擎即将就绪",
    engine_failed: "智能引擎没能启动，管理员可以在 /readyz 看到原因", engine_unavailable: "智能引擎暂时不可用，请稍后再试。", engine_meanwhile: "；这段时间由内置引擎根据知识库回答。",
    error_other: "出错了：{message}",
    field_order_number: "订单号", field_waybill_number: "运单号", field_invoice_number: "发票号码", field_invoice_code: "发票代码", field_error_code: "错误代码", field_amount: "金额",
    field_phone: "电话", field_id_card: "身份证", field_bank_card: "银行卡", field_email: "邮箱", field_date: "日期", field_time: "时间", field_carrier: "承运商",
    field_company: "公司", field_tax_number: "税号", field_url: "网址", field_status: "状态",
  },
  en: {
    skip: "Skip to the question", newConversation: "New conversation", searchQuestions: "Search common questions", commonQuestions: "Common questions", conversations: "Conversations",
    openMenu: "Open menu", switchLanguage: "Switch language", switchTheme: "Switch light and dark", attach: "Add pictures or a PDF", yourQuestion: "Your question",
    placeholder: "Describe the problem, or drop or paste a screenshot…", send: "Send", stop: "Stop", dropHere: "Drop to add the screenshot", close: "Close", languageName: "中",
    welcomeTitle: "Show me the screenshot", welcomeText: "Drop a waybill, an invoice, an error or a failed payment, and ask. Answers quote the company's clauses.",
    hint: "JPG, PNG, WebP, HEIC, PDF · up to {size} each, {count} at once · Enter sends, Shift+Enter breaks the line",
    uploading: "Uploading", queued: "In the queue, place {position}", reading: "Reading the picture", thinking: "Thinking…", writing: "Writing", seconds: "{seconds} s",
    fieldsTitle: "What I read", copy: "Copy", insert: "Insert into ticket", copied: "Copied", retry: "Try again", retryIn: "Again in {seconds} s", remove: "Remove", clause: "Clause {clause}",
    degraded: "The model is away; the embedded engine answers from the knowledge base.", ready: "Ready", tooLarge: "{name} has {size}; at most {limit} each",
    wrongType: "{name} is no picture I can read: use JPG, PNG, WebP, HEIC or PDF", tooMany: "At most {count} pictures at once", noStorage: "The browser does not let me save; a reload loses the conversation.",
    stopped: "Stopped.", answerDone: "The answer is complete", picture: "Picture", defaultQuestion: "Please look at this picture: what is wrong, and what should I do?",
    error_network: "The server cannot be reached. Check the network and try again.", error_cut: "The answer broke off in the middle. Try again.", error_invalid_api_key: "You are not signed in, or no longer. Reload the page to sign in.",
    error_invalid_token: "Your session has expired; open this from its page again.", error_ip_not_allowed: "Your network is not allowed here.", error_origin_not_allowed: "This page's origin is not allowed.",
    error_rate_limit_exceeded: "Too many questions; wait a moment.", error_queue_full: "Many people are waiting; try again soon.", error_invalid_image: "The picture is damaged or cut short; save it again and send that.",
    error_too_many_images: "Too many pictures: at most {count} at once.", error_image_too_large: "The picture is too large: at most {size} each.", error_body_too_large: "That is too much; send fewer pictures.",
    error_pdf_too_large: "The PDF has too many pages: at most {pages}.", error_unsupported_media_type: "This file cannot be read: use JPG, PNG, WebP, HEIC or PDF.", error_context_length_exceeded: "That is too long; shorten it and ask again.",
    error_upstream_unavailable: "The model is away; try again soon.", error_upstream_timeout: "The answer took too long; try again.", error_upstream_error: "The model failed; try again.",
    error_file_not_found: "The picture is no longer on the server; upload it again.", error_request_timeout: "The upload was too slow; try again.", error_invalid_request: "The request is wrong: {message}", error_invalid_json: "The request is malformed; reload the page and try again.", error_unsupported_parameter: "The request has a parameter that is not taken: {message}",
    error_not_found: "It is not there, or no longer.", error_model_not_found: "There is no such model; tell the administrator.", error_method_not_allowed: "That kind of request is not taken; reload the page and try again.",
    engine_downloading: "The model is being downloaded", engine_starting: "The model is starting", engine_loading: "The model is loading", engine_compiling: "The model is being prepared", engine_warming: "The model is almost ready",
    engine_failed: "The model could not start; /readyz tells the administrator why", engine_unavailable: "The model is away; try again soon.", engine_meanwhile: "; meanwhile the embedded engine answers from the knowledge base.",
    error_other: "Something went wrong: {message}",
    field_order_number: "Order number", field_waybill_number: "Waybill number", field_invoice_number: "Invoice number", field_invoice_code: "Invoice code", field_error_code: "Error code", field_amount: "Amount",
    field_phone: "Phone", field_id_card: "Identity card", field_bank_card: "Bank card", field_email: "E-mail", field_date: "Date", field_time: "Time", field_carrier: "Carrier",
    field_company: "Company", field_tax_number: "Tax number", field_url: "Address", field_status: "Status",
  },
};

export const LOCALES = Object.keys(TEXTS);

export function chooseLocale(wanted) {
  return wanted.some((one) => one?.toLowerCase().startsWith("zh")) || wanted.length === 0 ? "zh-CN" : "en";
}

/** A function from key and values to words: `text("tooMany", {count: 8})`. */
export function translator(locale) {
  return (key, values = {}) => (TEXTS[locale][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}
