"""The fixed words of answers, Chinese and English. The Chinese is written by itself."""

PHRASES: dict[str, tuple[str, str]] = {
    # What a conversation is about
    "thanks": ("不客气！还有问题随时问我。", "You're welcome! Ask me any time."),
    "greeting": (
        "您好！有什么可以帮您？可以直接提问，也可以发截图。",
        "Hello! How can I help? Ask a question or send a screenshot.",
    ),
    "goodbye": ("再见，祝您一切顺利！", "Goodbye, and have a good day!"),
    "who": (
        "我是{name}，背后是 SightDesk 的内置引擎，不是大语言模型，也不是真人。我能读出截图里的文字、单号和"
        "错误代码，查公司的条款来回答，也能比较两张图有什么不同。",
        "I am {name}, run by SightDesk's embedded engine: not a language model and not a person. "
        "I read text, numbers and error codes in screenshots, answer from the company's clauses, "
        "and compare two pictures.",
    ),
    "assistant": ("智能客服助手", "the automatic support assistant"),
    "assistant_of": ("{company}的智能客服助手", "{company}'s automatic support assistant"),
    "sorry": ("非常抱歉给您添麻烦了。", "I am sorry for the trouble."),
    "offer": (
        "点“转人工”就能联系到客服，这段对话和截图会一并转过去，不用再说一遍。",
        "Choose “Talk to a person”: this conversation and its pictures go along, "
        "so you need not repeat anything.",
    ),
    "person": ("好的。", "Of course."),
    "waits_for_person": (
        "已经为您转接人工，编号 {number}，正在等客服接入，请稍候。",
        "You are in the queue for a person under the number {number}. Please wait a moment.",
    ),
    # What became of a proposal
    "action_proposed": (
        "“{title}”还没有执行，等您在卡片上确认。",
        "“{title}” is not done yet: it waits for you to confirm it on its card.",
    ),
    "action_proposed_staff": (
        "“{title}”还没有执行，等客服同事批准。",
        "“{title}” is not done yet: it waits for a colleague's approval.",
    ),
    "action_confirmed": ("“{title}”已确认，正在办理。", "“{title}” is confirmed and being done."),
    "action_running": ("“{title}”正在办理。", "“{title}” is being done."),
    "action_done": ("“{title}”已经办好。", "“{title}” is done."),
    "action_failed": ("“{title}”没有办成。", "“{title}” was not done."),
    "action_unknown": (
        "“{title}”是否办成还不确定，工作人员会核实，请不要重复提交。",
        "It is not certain whether “{title}” was done. A person will check it; "
        "please do not submit it again.",
    ),
    "action_cancelled": ("“{title}”已取消，没有执行。", "“{title}” was cancelled."),
    "action_expired": (
        "“{title}”过期未确认，没有执行。",
        "“{title}” was not confirmed in time, and nothing was done.",
    ),
    # No answer, or something is missing
    "refusal": (
        "知识库里没有找到能回答这个问题的条款，我不能替公司编造答案。您可以换个说法再问，或转人工处理。",
        "The knowledge base has no clause that answers this, and I will not make one up. "
        "Please ask in other words, or talk to a person.",
    ),
    "nothing_on": (
        "关于“{part}”，知识库里没有找到条款。",
        "The knowledge base has no clause on “{part}”.",
    ),
    "nothing_else": ("关于“{part}”，没有找到别的条款。", "I found no other clause on “{part}”."),
    "unknown_code": (
        "知识库里没有找到错误代码 {code} 的条款，我不能猜它的原因。",
        "The knowledge base has no clause about the error code {code}, "
        "and I will not guess what it means.",
    ),
    "code_is": ("错误代码是 {code}。", "The error code is {code}."),
    "have_it_checked": (
        "请转人工核实。",
        "Please have a person look into it.",
    ),
    "let_a_person": (
        "这件事可以请人工客服来帮您。",
        "A person can help you with this.",
    ),
    "suggest": ("您想问的是下面哪一个？", "Did you mean one of these?"),
    "suggest_one": ("您想问的是“{title}”吗？", "Did you mean “{title}”?"),
    "suggest_start": ("您想问的是", "Did you mean"),  # of both
    "ask_number": (
        "请把运单号或订单号发给我，发一张带单号的截图也可以。",
        "Please send me the waybill or order number; a screenshot that shows it will do.",
    ),
    "ask_tracking": (
        "我查不到实时物流。请发一张物流详情页的截图，我来读最新的进展。",
        "I cannot look up live tracking. Please send a screenshot of the tracking page, "
        "and I will read the latest scan.",
    ),
    "ask_state": (
        "我查不到实时状态。请发一张订单或付款详情页的截图，我来读上面的状态。",
        "I cannot look up the live status. Please send a screenshot of the order or payment, "
        "and I will read its status.",
    ),
    "ask_picture": (
        "我还没有看到图片，请把截图发给我。",
        "I do not see a picture yet. Please send me the screenshot.",
    ),
    "correct_on_card": (
        "如果读得不对，请在图片的字段卡片上直接改正，我会以您改的为准。",
        "If I read something wrong, please correct the field on the picture's card, "
        "and I will use your value.",
    ),
    "ask_question": (
        "请说一下您遇到的问题，或发一张截图。",
        "Please tell me what the problem is, or send a screenshot.",
    ),
    "ask_field": (
        "图中没有读到{names}：可能没有拍到，也可能看不清。请靠近、拍清楚，再发一张有{names}的图。",
        "The {names} could not be read: the picture may not show it, or not clearly. "
        "Please send one that does, closer and sharp.",
    ),
    "illegible": (
        "{picture}看不清，里面的字读不出来。请靠近一些、正对着、在光线充足的地方再拍一张。",
        "{picture} cannot be read: the text is not clear enough. "
        "Please take it again: closer, straight and in good light.",
    ),
    "no_text": (
        "{picture}里没有文字，或者没有读到。如果图里有字，请拍近一些、拍清楚再发一次；"
        "也可以直接说您想问什么。",
        "{picture} has no text, or none that can be read. If there is text, please take it again: "
        "closer and sharp. Or tell me what you would like to know.",
    ),
    "partial": (
        "{picture}目前只读了一部分（读到“{last}”为止），以上不一定完整；稍后再问一次，就能看到全部内容。",
        "Only a part of {picture} has been read so far (up to “{last}”), so this may be "
        "incomplete. Ask again in a moment for the rest.",
    ),
    "partial_nothing": (
        "{picture}还没有读完；稍后再问一次，就能看到内容。",
        "{picture} has not been read yet. Ask again in a moment.",
    ),
    "not_yet_read": (
        "已读的部分里没有{names}。",
        "The part that has been read does not show the {names}.",
    ),
    # Tools of the company's systems
    "ask_value": (
        "请告诉我{names}，我接着为您处理。",
        "Please tell me the {names}, and I will go on from there.",
    ),
    "ask_shown_value": (
        "请把{names}发给我，发一张看得到{names}的截图也可以。",
        "Please send me the {names}; a screenshot that shows it will do.",
    ),
    "ask_which": ("您说的是哪一个{name}：{values}？", "Which {name} do you mean: {values}?"),
    "ask_doubtful": (
        "图中的{name} {value} 看得不太准，改动之前请您把正确的{name}发给我。",
        "I am not sure that I read the {name} {value} correctly. "
        "Please send me the right one before anything is changed.",
    ),
    "just_now": ("（{system}，刚刚）", " ({system}, just now)"),
    "no_result": ("{system}这次没有给出结果", "The {system} gave no result this time"),
    "reason": ("：{reason}", ": {reason}"),
    "not_proposed": (
        "所以我没有提交“{title}”。",
        "So I have not gone on with “{title}”.",
    ),
    "not_accepted": ("“{title}”没有提交", "“{title}” could not be prepared"),
    "proposed": (
        "我准备好了“{title}”，请先核对：{arguments}。",
        "“{title}” is prepared; please check it first: {arguments}.",
    ),
    "proposed_bare": ("我准备好了“{title}”。", "“{title}” is prepared."),
    "waits_for_you": (
        "现在还没有执行，要等您在卡片上点“确认”。",
        "Nothing has been done yet: it waits until you choose “Confirm” on the card.",
    ),
    "waits_for_api": (
        "现在还没有执行：申请编号 {id}，要通过 POST /api/actions/{id}/confirm 确认。",
        "Nothing has been done yet: its id is {id}, and it waits for POST /api/actions/{id}/confirm.",
    ),
    "waits_for_staff": (
        "现在还没有执行，要等客服同事审核同意。",
        "Nothing has been done yet: it waits for a colleague's approval.",
    ),
    "confirm_on_card": (
        "为了安全，聊天里的回复不算确认：请在上面的卡片上点“确认”或“取消”。",
        "For your safety, a chat message does not confirm it: "
        "please choose “Confirm” or “Cancel” on the card above.",
    ),
    "confirm_by_staff": (
        "这一步要由客服同事审核，您不用再做什么；有结果会在这里告诉您。",
        "A colleague has to approve this step; there is nothing more for you to do. "
        "The result will appear here.",
    ),
    "never_mind": (
        "好的，那就先不办。有需要随时找我。",
        "All right, I leave it at that. Ask me any time.",
    ),
    "not_wished": ("好的，不会{title}{number}。", "All right, I will not {title}{number}."),
    "later_wish": (
        "我一次只准备一项：这一项处理好之后，请再告诉我“{title}”（{arguments}）。",
        "I prepare one change at a time. Once this one is settled, please ask again for "
        "“{title}” ({arguments}).",
    ),
    "old_card": (
        "之前那张卡片还在，不需要的话请在那张卡片上点“取消”。",
        "The earlier card is still there; choose “Cancel” on it if you no longer want it.",
    ),
    "argument": ("{name} {value}", "{name} {value}"),
    "argument_changed": ("{name}由 {old} 改为 {value}", "{name} from {old} to {value}"),
    # Clauses
    "basis": ("依据：{references}", "Basis: {references}"),
    "whole": ("原文（{reference}）：", "In full ({reference}):"),
    "foreign": ("相关条款是英文的，原文如下：", "The clause that answers this is in Chinese:"),
    "see_also": ("另可参考：", "See also:"),
    # Values
    "row_of_all": ("是 {name}：{value}", "it is {name}: {value}"),
    "worked_out": ("按图中的 {terms} 算，是 {value}", "by the picture, {terms} is {value}"),
    "lasted": ("{begin}，{end}，共 {time}", "{begin}, {end}: {time}"),
    "rows": ("{count} 行合计：", "{count} rows together: "),
    "sum_of": ("{parts} = {total}", "{parts} = {total}"),
    "rows_in_all": ("图中列了 {count} 项：{names}", "the picture lists {count}: {names}"),
    "one_value": ("{name}是 {value}", "the {name} is {value}"),
    "many_values": ("{name}有 {count} 个：{values}", "there are {count} {name}s: {values}"),
    "in_all": (
        "按图中的 {values} 算，共优惠 {total}",
        "by the picture, {values}: {total} off in all",
    ),
    "your_correction": ("按您更正的，", "as you corrected it, "),
    "check_value": ("校验不符，请核对", "its check digit or form does not hold; please verify"),
    "check_barcode": ("条码里是 {other}，请核对", "the barcode says {other}; please verify"),
    "unsure_value": ("图中不太清楚，请核对", "hard to read; please verify"),
    "no_value": ("没有读到{names}", "the {names} could not be read"),
    # What a picture is
    "latest": ("最新一条物流是：{event}", "the latest scan is: {event}"),
    "brackets": ("（{about}）", " ({about})"),
    "label": (
        "这是{carrier}的运单，运单号 {number}，图中没有物流轨迹",
        "This is a {carrier} label, waybill number {number}; it shows no tracking",
    ),
    "label_alone": (
        "这是一张运单，运单号 {number}，图中没有物流轨迹",
        "This is a shipping label, waybill number {number}; it shows no tracking",
    ),
    "no_scan": ("图中没有物流轨迹", "the picture shows no tracking"),
    "no_arrival": (
        "图中没有送达时间，我不能替承运商承诺；",
        "the picture gives no arrival date, and I cannot promise one; ",
    ),
    "as_shown": ("图中的状态是“{status}”", "the status shown is “{status}”"),
    "as_shown_of": ("{about} 的状态是“{status}”", "the status of {about} is “{status}”"),
    "shown_text": ("图中写的是：{lines}", "The picture says: {lines}"),
    "error_shown": ("图中的错误是“{text}”。", "The picture shows the error “{text}”."),
    "code_means": ("{code}（{meaning}）：", "{code} ({meaning}): "),
    "last_message": (
        "这是一段聊天记录，最后一条是：{line}",
        "This is a chat; its last line is: {line}",
    ),
    "refund_amount": ("退款金额", "refund"),
    "arrived": ("是的，已经到账", "Yes, it has arrived"),
    "not_arrived": ("还没有到账的记录", "The picture does not show that it has arrived"),
    "price": ("价格", "price"),
    "lacks": ("图中没有写{name}", "The picture does not show the {name}"),
    "has_instead": ("；图中的{names}不是{name}", "; {names} on it is something else"),
    "left_empty": (
        "图中“{label}”一栏是空的，没有写",
        "“{label}” is left empty on the picture",
    ),
    "phone_of": ("{party}的电话", "{party}'s phone number"),
    "city_of": ("{party}所在的城市", "{party}'s city"),
    "place_of": ("{party}的地址", "{party}'s address"),
    "result": ("查询结果：", "The result:"),
    "picture": ("这张图", "The picture"),
    "picture_of": ("第 {number} 张图", "Picture {number}"),
}


def say(phrase: str, chinese: bool, /, **values: object) -> str:
    """The phrase in one language with `values` in place."""
    return PHRASES[phrase][0 if chinese else 1].format(**values)


def joined(parts: list[str], chinese: bool) -> str:
    """ "A、B" or "A, B and C"."""
    if chinese or len(parts) < 2:
        return "、".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def sentence(clauses: list[str], chinese: bool) -> str:
    """One sentence of its parts, with its first letter in upper case and an end."""
    text = ("，" if chinese else ", ").join(clauses)
    if not text:
        return ""
    text = text[0].upper() + text[1:]
    if text.rstrip("*”\"')）").endswith((".", "。", "!", "！", "?", "？")):
        return text
    return text + ("。" if chinese else ".")
