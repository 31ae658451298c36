// Every text of the ticket desk, in both languages.
export const WORDS = {
  "zh-CN": {
    other: "English",
    product: "工单台",
    queue: "待处理工单",
    assistant: "AI 助手",
    close: "关闭",
    toAI: "转AI",
    asking: "正在转交…",
    solve: "标记为已解决",
    reopen: "重新打开",
    notes: "内部备注",
    noNotes: "还没有备注。点“转AI”，再把回答插入工单。",
    write: "写一条备注…",
    add: "添加备注",
    reply: "回复顾客",
    inserted: "已写入工单 #{id} 的备注",
    notInserted: "没有写入工单：{reason}",
    open: "处理中",
    solved: "已解决",
    minutes: "{n} 分钟前",
    hours: "{n} 小时前",
    days: "{n} 天前",
    clause: "第 {n} 条",
    screenshot: "顾客发来的截图",
    failed: "AI 助手现在不可用：{reason}",
    byAI: "AI 助手 · SightDesk",
    fields: {
      order_number: "订单号",
      waybill_number: "运单号",
      invoice_number: "发票号码",
      invoice_code: "发票代码",
      error_code: "错误代码",
      amount: "金额",
      phone: "电话",
      date: "日期",
      time: "时间",
      carrier: "承运商",
      company: "公司",
      tax_number: "税号",
      url: "网址",
      status: "状态",
      email: "邮箱",
      id_card: "身份证",
      bank_card: "银行卡",
    },
  },
  en: {
    other: "中文",
    product: "Ticket desk",
    queue: "Open tickets",
    assistant: "AI assistant",
    close: "Close",
    toAI: "Ask the AI",
    asking: "Sending to the AI…",
    solve: "Mark as solved",
    reopen: "Reopen",
    notes: "Internal notes",
    noNotes: "No notes yet. Ask the AI, then insert its answer.",
    write: "Write a note…",
    add: "Add note",
    reply: "Reply to the customer",
    inserted: "Added to the notes of #{id}",
    notInserted: "Could not write to the ticket: {reason}",
    open: "Open",
    solved: "Solved",
    minutes: "{n} min ago",
    hours: "{n} h ago",
    days: "{n} d ago",
    clause: "Clause {n}",
    screenshot: "The customer's screenshot",
    failed: "The AI assistant is not available: {reason}",
    byAI: "AI assistant · SightDesk",
    fields: {
      order_number: "Order",
      waybill_number: "Waybill",
      invoice_number: "Invoice",
      invoice_code: "Invoice code",
      error_code: "Error code",
      amount: "Amount",
      phone: "Phone",
      date: "Date",
      time: "Time",
      carrier: "Carrier",
      company: "Company",
      tax_number: "Tax number",
      url: "Address",
      status: "Status",
      email: "E-mail",
      id_card: "Identity card",
      bank_card: "Bank card",
    },
  },
};

export const locale =
  localStorage.getItem("ticket-desk.locale") ??
  ((navigator.language ?? "zh").startsWith("zh") ? "zh-CN" : "en");

export function say(key, values = {}) {
  return WORDS[locale][key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

export function ago(seconds) {
  const minutes = Math.max(1, Math.round((Date.now() / 1000 - seconds) / 60));
  if (minutes < 60) return say("minutes", { n: minutes });
  return minutes < 2880
    ? say("hours", { n: Math.round(minutes / 60) })
    : say("days", { n: Math.round(minutes / 1440) });
}
