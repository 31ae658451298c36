// Texts of the frame around the staff's views, in both languages.
const zhCN = {
  skipToView: "跳到内容",
  views: "页面",
  view_inbox: "收件箱",
  view_approvals: "待批准",
  view_quality: "质量",
  view_figures: "数据",
  view_system: "系统",
  waitingCount: "{count} 个待处理",
  openChat: "打开客户页面",
  signedInAs: "以 {name} 的身份操作",
  live_on: "实时",
  live_off: "正在重新连接",
  deskOffline: "网络已断开，显示的内容可能不是最新的。",
  deskReconnecting: "与服务器的连接中断，正在重新连接。显示的内容可能不是最新的。",
  viewFailed: "这个页面没有打开：{reason}",
  loadingView: "正在读取…",
};

const en = {
  skipToView: "Skip to content",
  views: "Views",
  view_inbox: "Inbox",
  view_approvals: "Approvals",
  view_quality: "Quality",
  view_figures: "Figures",
  view_system: "System",
  waitingCount: "{count} waiting",
  openChat: "Open the customers' page",
  signedInAs: "Signed in as {name}",
  live_on: "Live",
  live_off: "Reconnecting",
  deskOffline: "You are offline. What you see may be out of date.",
  deskReconnecting: "The connection was lost. Reconnecting; what you see may be out of date.",
  viewFailed: "This view could not be opened: {reason}",
  loadingView: "Loading…",
};

/** {locale: {key: text}}, for `addTexts`. */
export const shellTexts = { "zh-CN": zhCN, en };
