"""What the conversation is told when an action has ended, and why one was not carried out."""

from gateway.storage.action_tables import Action

TOLD = {
    "done": {"zh": "“{title}”已完成。", "en": "“{title}” is done."},
    "failed": {"zh": "“{title}”没有办成：{reason}", "en": "“{title}” was not done: {reason}"},
    "unknown": {
        "zh": "“{title}”是否办成还不确定：{reason}工作人员会核实，请不要重复提交。",
        "en": "It is not certain whether “{title}” was done: {reason} "
        "A person will check it; please do not submit it again.",
    },
    "cancelled": {"zh": "“{title}”已取消，没有执行。", "en": "“{title}” was cancelled."},
    "rejected": {
        "zh": "“{title}”没有通过审核：{reason}",
        "en": "“{title}” was not approved: {reason}",
    },
    "expired": {
        "zh": "“{title}”过期未确认，没有执行。",
        "en": "“{title}” was not confirmed in time, and nothing was done.",
    },
}
TOO_MANY = {
    "zh": "等待确认的申请太多，请先处理已有的申请",
    "en": "too many requests wait for confirmation; please decide about those first",
}
REASONS = {
    "gone": {
        "zh": "系统里已经没有这项业务的配置。",
        "en": "This service is no longer configured.",
    },
    "invalid": {
        "zh": "这项业务的要求已经改变，原来的内容不再适用。",
        "en": "The requirements of this service have changed since it was proposed.",
    },
    "secrets": {
        "zh": "保密的内容不会保存，服务重启后已丢失，请重新提交。",
        "en": "Its secret values are not stored and were lost in a restart. Please start again.",
    },
    "interrupted": {
        "zh": "处理过程中断了。",
        "en": "It was interrupted while it ran.",
    },
    "tries": {
        "zh": "对方系统多次没有给出明确的答复。",
        "en": "The system gave no clear answer after several tries.",
    },
    "not_sent": {
        "zh": "请求没有及时发出。",
        "en": "The request was not sent in time.",
    },
    "no_answer": {
        "zh": "对方系统没有及时答复。",
        "en": "The system did not answer in time.",
    },
    "defect": {
        "zh": "处理过程中出现内部错误。",
        "en": "An internal error occurred while it ran.",
    },
    "restored": {
        "zh": "数据从备份恢复，备份之后的情况不明。",
        "en": "The data was restored from a backup, and what happened after it is not known.",
    },
    "settled": {
        "zh": "工作人员核实后确认没有办成。",
        "en": "A member of staff has found that it was not done.",
    },
}


def language_of(action: Action) -> str:
    return "en" if action.language == "en" else "zh"


def title_of(action: Action) -> str:
    return action.title.get(language_of(action)) or action.title.get("zh") or action.connector


def reason_of(action: Action, name: str) -> str:
    """`name`: one of REASONS. In the action's language."""
    return REASONS[name][language_of(action)]


def told(action: Action, name: str, reason: str = "") -> str:
    """`name`: one of TOLD. The sentence for the conversation, in the action's language."""
    language = language_of(action)
    return (
        TOLD[name][language].format(title=title_of(action), reason=sentence(reason, language))
    ).strip()


def sentence(reason: str, language: str) -> str:
    """`reason` with a full stop where it has none."""
    reason = reason.strip()
    if not reason or reason[-1] in "。！？.!?…":
        return reason
    return reason + ("。" if language == "zh" else ".")
