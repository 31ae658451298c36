// Every word of the page, in both languages, and how sizes are written. A test holds that no key is missing.
export const TEXTS = {
  "zh-CN": {
    skip: "跳到输入框", newConversation: "新对话", search: "搜索问题和对话", commonQuestions: "常见问题", conversations: "对话记录",
    openMenu: "打开菜单", switchLanguage: "切换语言", switchTheme: "切换明暗", attach: "添加图片或 PDF", yourQuestion: "您的问题",
    placeholder: "描述问题，或拖入、粘贴截图…", send: "发送", stop: "停止", stopWaiting: "停止 · {seconds} 秒", waitingForUpload: "正在上传图片，传完就发送", dropHere: "松开即可添加截图", close: "关闭", languageName: "EN",
    welcomeTitle: "把截图给我看看", welcomeText: "拖入运单、发票、报错或支付失败的截图，再问一句。回答会引用公司的条款。",
    uploading: "正在上传", uploadingPercent: "上传 {percent}%", scaling: "正在缩小", held: "未上传，发送时才上传", scaledFrom: "{before} → {after}", queued: "排队中，第 {position} 位", reading: "正在读图", queuedReading: "正在读取图片，前面还有 {ahead} 个", partial: "图片内容太多，只读取了一部分，回答可能不完整。", clauses: "正在查找条款", tool: "正在查询业务系统", tool_logistics: "正在询问物流系统", resuming: "正在接上未完成的回答", reconnecting: "连接中断，正在重新接上", thinking: "思考中", writing: "正在回答", seconds: "{seconds} 秒",
    fieldsTitle: "我从图中读到", copy: "复制", copied: "已复制", notCopied: "浏览器不允许复制，请选中文字后再复制。", retry: "重试", retryIn: "{seconds} 秒后可重试", remove: "移除", clause: "第 {clause} 条",
    degraded: "智能引擎暂时不可用，正由内置引擎根据知识库回答。", tooLarge: "{name} 有 {size}，每张最大 {limit}",
    wrongType: "{name} 不是可识别的图片：请用 JPG、PNG、WebP、HEIC 或 PDF", tooMany: "一次最多 {count} 张图片，您添加了 {size} 张", tooLong: "内容太长：{size} 个字符，最多 {limit} 个。请删减后再发。", noStorage: "浏览器不允许保存，刷新后对话会丢失。", storageFull: "浏览器的存储空间满了，刷新后对话会丢失。",
    stopped: "已停止。", answerDone: "回答完成", picture: "图片", defaultQuestion: "请看这张图，告诉我是什么问题、该怎么办。",
    error_network: "网络不通，没有连上服务器。请检查网络后重试。", error_cut: "回答在中途断开了。请重试。", error_silent: "服务器没有回应。请检查网络后重试。", error_invalid_api_key: "没有登录或登录已失效，请刷新页面重新登录。",
    error_invalid_token: "登录已过期，请从原页面重新打开。", error_ip_not_allowed: "您所在的网络不允许访问。", error_origin_not_allowed: "这个页面的来源不被允许。",
    error_rate_limit_exceeded: "问得太快了，请稍等。", error_queue_full: "现在排队的人很多，请稍后再试。", error_invalid_image: "图片损坏或不完整，请重新保存后再发。",
    error_too_many_images: "图片太多：一次最多 {count} 张。", error_too_many_of: "图片太多：一次最多 {limit} 张，您添加了 {size} 张。", error_image_too_large: "图片太大：每张最大 {limit}。", error_body_too_large: "内容太大，请减少图片。", error_body_bytes: "内容太大：共 {size}，最多 {limit}。请减少图片。",
    error_image_bytes: "图片太大：这张 {size}，每张最大 {limit}。", error_image_side: "图片太长：最长的一边 {size} 像素，最多 {limit} 像素。", error_image_pixels: "图片太大：约 {size} 百万像素，最多 {limit} 百万像素。", error_image_complex: "图片太复杂，服务器处理不了：请截取需要的部分再发。", error_file_empty: "文件是空的，请重新选择。",
    error_pdf_too_large: "PDF 页数太多：最多 {max} 页。", error_pdf_pages: "PDF 页数太多：这份有 {size} 页，最多 {limit} 页。", error_pdf_bytes: "PDF 太大：这份 {size}，每份最大 {limit}。", error_pdf_password: "这份 PDF 有密码保护：请先取消密码，或发送页面的图片。", error_pdf_unreadable: "这份 PDF 打不开，可能有密码或已损坏：请先取消密码，或发送页面的图片。", error_unsupported_media_type: "不支持这种文件：请用 JPG、PNG、WebP、HEIC 或 PDF。", error_context_length_exceeded: "内容太长，请缩短后再问。", error_tokens_over: "内容太长，约超出 {over} 个词元。请缩短后再问。", error_text_too_long: "内容太长：{size} 个字符，最多 {limit} 个。请缩短后再问。",
    error_upstream_unavailable: "智能引擎暂时不可用，请稍后重试。", error_upstream_timeout: "等待回答超时，请重试。", error_upstream_error: "智能引擎出错了，请重试。",
    error_no_store: "存放对话的数据库没有响应，请稍后重试。", error_not_kept: "服务器现在存不下文件，请稍后重试，或联系管理员。", error_file_not_found: "图片已不在服务器上，请重新上传。", error_request_timeout: "上传太慢被中断，请重试。", error_invalid_request: "请求有误，请刷新页面后重试。", error_invalid_json: "请求格式有误，请刷新页面后重试。", error_unsupported_parameter: "页面与服务器的版本不一致，请刷新页面后重试。",
    error_not_found: "没有找到，可能已经过期。", error_model_not_found: "没有这个模型，请联系管理员。", error_method_not_allowed: "不支持这样的请求，请刷新页面后重试。",
    engine_downloading: "智能引擎正在下载模型", engine_starting: "智能引擎正在启动", engine_loading: "智能引擎正在加载模型", engine_compiling: "智能引擎正在准备", engine_warming: "智能引擎即将就绪",
    engine_failed: "智能引擎没能启动，管理员可以在 /readyz 看到原因", engine_unavailable: "智能引擎暂时不可用，请稍后再试。", engine_meanwhile: "；这段时间由内置引擎根据知识库回答。",
    error_other: "出错了，请稍后重试。", error_internal_error: "服务器内部出错了，请稍后重试。", error_staff_only: "只有客服人员可以使用这个功能。", error_number: "（编号 {request}）",
    nothingFound: "没有找到", noConversations: "还没有对话", keptHere: "只保存在这个浏览器里", historyAway: "暂时读不到服务器上的对话：{reason}", historySeen: "现在连不上服务器，这是上次看到的对话。", rename: "重命名", delete: "删除", deleteTitle: "删除这段对话？", deleteText: "对话和其中的图片会一并删除，不能恢复。", titleLabel: "标题", save: "保存", cancel: "取消", more: "更早的消息", older: "更早的对话", untitled: "未命名对话",
    regenerate: "重新回答", edit: "修改后重发", resend: "发送修改", helpful: "有帮助", unhelpful: "没帮助", reasonTitle: "哪里不好？", reasonLabel: "说说原因（可不填）", reason_wrong: "答错了", reason_misread: "图读错了", reason_clause: "条款不对", reason_unclear: "没说清楚", thanks: "已记下，谢谢", handoff: "转人工", handoffTitle: "转给人工处理", handoffLabel: "给接手的人留一句话（可不填）", handedOff: "已转人工，编号 {id}", insert: "插入工单", inserted: "已送到工单", notInserted: "没有写入工单：{reason}", open: "查看大图",
    fieldsHint: "读错了可以直接改", correct: "按更正重新回答", correctedFrom: "已更正，图中读作 {value}", reset: "还原", invalid: "校验不通过，请核对", locate: "在图中标出{name}", correction: "更正：{changes}。请按更正后的内容重新回答。", correctionItem: "{name}应为 {value}（图中读作 {old}）", seen: "图中 · {name} {value}",
    redact: "遮挡或裁剪", hold: "发送前先遮挡", notSent: "图片还没上传，所以问题先放进输入框，请确认后点“发送”。", notSentAway: "图片没有传上去，问题没有发出，已放回输入框。", holdOn: "已开启：图片在您点“完成”或“发送”之前不会离开浏览器", editorTitle: "遮挡与裁剪", editorHint: "拖动画框。被遮住的部分会在浏览器里涂黑，原图不会保留。键盘：方向键移动，Shift+方向键缩放，Delete 删除。", cover: "遮挡", crop: "只问这一块", addBox: "加一个框", suggest: "帮我找出号码", suggestNote: "需要先把原图发给服务器读一次，读完即删", suggestRead: "原图已上传过，完成后会从服务器删除", suggesting: "正在识别…", suggestNone: "没有找到电话、身份证或银行卡号", suggested: "找到 {count} 处，请核对", suggestFailed: "没能识别：{reason}", undo: "撤销", done: "完成", box: "遮挡框 {number}", cropBox: "裁剪框",
    thread: "对话", pages: "{pages} 页", help: "键盘快捷键", key_send: "发送", key_break: "换行", key_focus: "回到输入框", key_stop: "停止回答 / 关闭窗口", key_search: "搜索", key_new: "新对话", key_attach: "添加图片", key_help: "显示这张表", offline: "网络已断开。写好的内容不会丢，恢复后再发。", lightboxTitle: "截图", toBottom: "回到最新", limits: "JPG、PNG、WebP、HEIC、PDF · 每张最大 {size} · 一次最多 {count} 张", keys: "Enter 发送 · Shift+Enter 换行",
    field_order_number: "订单号", field_waybill_number: "运单号", field_invoice_number: "发票号码", field_invoice_code: "发票代码", field_error_code: "错误代码", field_amount: "金额",
    field_phone: "电话", field_id_card: "身份证", field_bank_card: "银行卡", field_email: "邮箱", field_date: "日期", field_time: "时间", field_carrier: "承运商",
    field_company: "公司", field_tax_number: "税号", field_url: "网址", field_status: "状态",
  },
  en: {
    skip: "Skip to the question", newConversation: "New conversation", search: "Search", commonQuestions: "Common questions", conversations: "Conversations",
    openMenu: "Open menu", switchLanguage: "Switch language", switchTheme: "Switch light and dark", attach: "Add pictures or a PDF", yourQuestion: "Your question",
    placeholder: "Describe the problem, or drop or paste a screenshot…", send: "Send", stop: "Stop", stopWaiting: "Stop · {seconds} s", waitingForUpload: "Uploading pictures. Your question is sent when they are ready", dropHere: "Drop to add the screenshot", close: "Close", languageName: "中",
    welcomeTitle: "Show me the screenshot", welcomeText: "Drop a waybill, an invoice, an error or a failed payment, and ask. Answers quote the company's policies.",
    uploading: "Uploading", uploadingPercent: "{percent}% uploaded", scaling: "Scaling down", held: "Not uploaded until you send", scaledFrom: "{before} → {after}", queued: "In the queue, position {position}", reading: "Reading the picture", queuedReading: "Waiting to read the picture: {ahead} ahead", partial: "Only part of the picture has been read, so the answer may be incomplete.", clauses: "Searching the knowledge base", tool: "Checking the business system", tool_logistics: "Checking the logistics system", resuming: "Resuming the unfinished answer", reconnecting: "Connection lost. Reconnecting", thinking: "Thinking", writing: "Writing", seconds: "{seconds} s",
    fieldsTitle: "What I read", copy: "Copy", copied: "Copied", notCopied: "The browser does not allow copying. Select the text and copy it.", retry: "Try again", retryIn: "Again in {seconds} s", remove: "Remove", clause: "Clause {clause}",
    degraded: "The AI engine is unavailable. The embedded engine answers from the knowledge base.", tooLarge: "{name} is {size}; the limit is {limit} each",
    wrongType: "{name} is not a supported picture. Use JPG, PNG, WebP, HEIC or PDF", tooMany: "Up to {count} pictures at once; you added {size}", tooLong: "The text is too long: {size} characters. The limit is {limit}. Shorten it before sending.", noStorage: "The browser does not allow saving. Reloading loses the conversation.", storageFull: "The browser's storage is full. Reloading loses the conversation.",
    stopped: "Stopped.", answerDone: "The answer is complete", picture: "Picture", defaultQuestion: "Please look at this picture: what is wrong, and what should I do?",
    error_network: "Cannot reach the server. Check the network and try again.", error_cut: "The answer was cut off. Try again.", error_silent: "No response from the server. Check the network and try again.", error_invalid_api_key: "You are not signed in, or your sign-in has expired. Reload the page to sign in.",
    error_invalid_token: "Your session has expired. Open this again from the original page.", error_ip_not_allowed: "Your network is not allowed to use this service.", error_origin_not_allowed: "This page is not allowed to use this service.",
    error_rate_limit_exceeded: "Too many questions. Please wait a moment.", error_queue_full: "Many people are waiting. Please try again soon.", error_invalid_image: "The picture is damaged or incomplete. Save it again and resend it.",
    error_too_many_images: "Too many pictures. The limit is {count} at once.", error_too_many_of: "Too many pictures: you added {size}. The limit is {limit} at once.", error_image_too_large: "The picture is too large. The limit is {limit} each.", error_body_too_large: "That is too much data. Send fewer pictures.", error_body_bytes: "That is too much data: {size}. The limit is {limit}. Send fewer pictures.",
    error_image_bytes: "The picture is too large: {size}. The limit is {limit} each.", error_image_side: "The picture is too long: its longer side has {size} pixels. The limit is {limit}.", error_image_pixels: "The picture is too large: about {size} megapixels. The limit is {limit}.", error_image_complex: "The picture is too complex to process. Crop it to the part that matters and resend it.", error_file_empty: "The file is empty. Choose another one.",
    error_pdf_too_large: "The PDF has too many pages. The limit is {max}.", error_pdf_pages: "The PDF has too many pages: {size}. The limit is {limit}.", error_pdf_bytes: "The PDF is too large: {size}. The limit is {limit}.", error_pdf_password: "The PDF is protected by a password. Remove the password, or send pictures of the pages.", error_pdf_unreadable: "The PDF cannot be opened; it may be damaged or protected by a password. Send pictures of its pages.", error_unsupported_media_type: "This file type is not supported. Use JPG, PNG, WebP, HEIC or PDF.", error_context_length_exceeded: "That is too long. Shorten it and ask again.", error_tokens_over: "That is too long by about {over} tokens. Shorten it and ask again.", error_text_too_long: "The text is too long: {size} characters. The limit is {limit}.",
    error_upstream_unavailable: "The AI engine is unavailable. Please try again soon.", error_upstream_timeout: "The answer took too long. Try again.", error_upstream_error: "The AI engine reported an error. Try again.",
    error_no_store: "The conversation database is not responding. Please try again soon.", error_not_kept: "The server cannot store files right now. Try again later, or tell your administrator.", error_file_not_found: "The picture is no longer on the server. Upload it again.", error_request_timeout: "The upload was too slow and was interrupted. Try again.", error_invalid_request: "Something is wrong with the request. Reload the page and try again.", error_invalid_json: "The request is malformed. Reload the page and try again.", error_unsupported_parameter: "The page and the server have different versions. Reload the page and try again.",
    error_not_found: "Not found. It may have expired.", error_model_not_found: "There is no such model. Tell your administrator.", error_method_not_allowed: "This request is not supported. Reload the page and try again.",
    engine_downloading: "The AI engine is downloading its model", engine_starting: "The AI engine is starting", engine_loading: "The AI engine is loading its model", engine_compiling: "The AI engine is getting ready", engine_warming: "The AI engine is almost ready",
    engine_failed: "The AI engine could not start. Your administrator can see the reason at /readyz", engine_unavailable: "The AI engine is unavailable. Please try again soon.", engine_meanwhile: "; meanwhile the embedded engine answers from the knowledge base.",
    error_other: "Something went wrong. Please try again later.", error_internal_error: "The server had an internal error. Please try again later.", error_staff_only: "Only staff can use this.", error_number: " (number {request})",
    nothingFound: "Nothing found", noConversations: "No conversations yet", keptHere: "Kept in this browser only", historyAway: "Cannot read the conversations on the server. {reason}", historySeen: "Offline. These are the conversations last seen.", rename: "Rename", delete: "Delete", deleteTitle: "Delete this conversation?", deleteText: "The conversation and its pictures are deleted for good.", titleLabel: "Title", save: "Save", cancel: "Cancel", more: "Earlier messages", older: "Older conversations", untitled: "Untitled",
    regenerate: "Answer again", edit: "Edit and resend", resend: "Send the edit", helpful: "Helpful", unhelpful: "Not helpful", reasonTitle: "What was wrong?", reasonLabel: "Tell us why (optional)", reason_wrong: "Wrong answer", reason_misread: "Misread the picture", reason_clause: "Wrong clause", reason_unclear: "Unclear", thanks: "Noted, thank you", handoff: "Talk to a person", handoffTitle: "Talk to a person", handoffLabel: "A note for the person who takes over (optional)", handedOff: "A person will take over. Your number is {id}", insert: "Insert into ticket", inserted: "Sent to the ticket", notInserted: "Could not write to the ticket: {reason}", open: "View the picture",
    fieldsHint: "Misread? Correct it here", correct: "Answer again with the correction", correctedFrom: "Corrected; read as {value}", reset: "Undo", invalid: "Failed its check; please verify", locate: "Show {name} in the picture", correction: "Correction: {changes}. Please answer again with the corrected values.", correctionItem: "{name} is {value} (read as {old})", seen: "In the picture · {name} {value}",
    redact: "Cover or crop", hold: "Cover before sending", notSent: "Your pictures have not been uploaded yet, so the question waits here: press Send when you are ready.", notSentAway: "The pictures could not be uploaded, so your question was not sent. It is back in the input box.", holdOn: "On: pictures stay in this browser until you press Done or Send", editorTitle: "Cover and crop", editorHint: "Drag to draw a box. What it covers is painted over here in the browser; the original is not kept. Keys: arrows move, Shift+arrows resize, Delete removes.", cover: "Cover", crop: "Ask about this part", addBox: "Add a box", suggest: "Find the numbers for me", suggestNote: "Sends the original to the server to be read once, then deletes it there", suggestRead: "The original was already uploaded; Done deletes it from the server", suggesting: "Reading…", suggestNone: "No phone, identity card or bank card found", suggested: "{count} found; please check", suggestFailed: "Could not read it: {reason}", undo: "Undo", done: "Done", box: "Cover {number}", cropBox: "Crop",
    thread: "Conversation", pages: "{pages} pages", help: "Keyboard shortcuts", key_send: "Send", key_break: "New line", key_focus: "Back to the question", key_stop: "Stop the answer / close a dialog", key_search: "Search", key_new: "New conversation", key_attach: "Add pictures", key_help: "Show this list", offline: "You are offline. Your text is kept; send it when you are back online.", lightboxTitle: "Screenshot", toBottom: "Jump to the latest", limits: "JPG, PNG, WebP, HEIC, PDF · up to {size} each · {count} at once", keys: "Enter sends · Shift+Enter adds a new line",
    field_order_number: "Order number", field_waybill_number: "Waybill number", field_invoice_number: "Invoice number", field_invoice_code: "Invoice code", field_error_code: "Error code", field_amount: "Amount",
    field_phone: "Phone", field_id_card: "Identity card", field_bank_card: "Bank card", field_email: "E-mail", field_date: "Date", field_time: "Time", field_carrier: "Carrier",
    field_company: "Company", field_tax_number: "Tax number", field_url: "Address", field_status: "Status",
  },
};

export const LOCALES = Object.keys(TEXTS);

const languageOf = (locale) => locale?.toLowerCase().split("-")[0];

/** The first of the wanted languages that the page speaks, else the product's own. */
export function chooseLocale(wanted) {
  const known = wanted.map((one) => LOCALES.find((locale) => languageOf(locale) === languageOf(one))).find(Boolean);
  return known ?? LOCALES[0];
}

/**
 * A function from key and values to words: `text("tooMany", {count: 8})`. `text.use(locale)` changes its language and
 * tells everyone who gave a listener to `text.follow`.
 */
export function translator(locale) {
  const listeners = [];
  const text = (key, values = {}) => (TEXTS[text.locale][key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
  text.locale = locale;
  text.follow = (listener) => void listeners.push(listener);
  text.use = (chosen) => {
    text.locale = chosen;
    for (const listener of listeners) listener();
  };
  return text;
}

export function readableSize(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
