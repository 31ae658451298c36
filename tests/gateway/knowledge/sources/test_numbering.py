"""Clause numbers are found as people write them, and amounts, versions and days are none."""

import pytest

from gateway.knowledge.sources.numbering import clause_start, read_number, split_number


@pytest.mark.parametrize(
    ("line", "number", "rest"),
    [
        ("3.2 退货流程", "3.2", "退货流程"),
        ("3.2.1 退货流程", "3.2.1", "退货流程"),
        ("3.2退货流程", "3.2", "退货流程"),
        ("３．１　滤网每三个月更换一次。", "3.1", "滤网每三个月更换一次。"),
        ("第三条 押金", "第三条", "押金"),
        ("第3.2条 押金", "3.2", "押金"),
        ("第十二条之一　免费取件不含大件家电。", "第十二条之一", "免费取件不含大件家电。"),
        ("【第十五条】 会员卡不得转让。", "第十五条", "会员卡不得转让。"),
        ("**第十四条** 生日当月积分翻倍。", "第十四条", "生日当月积分翻倍。"),
        ("**3.2 押金** 三天内退还。", "3.2", "**押金** 三天内退还。"),
        ("一、总则", "一", "总则"),
        ("（一）适用范围", "（一）", "适用范围"),
        ("(二)适用范围", "（二）", "适用范围"),
        ("1、押金三天内退还。", "1", "押金三天内退还。"),
        ("Article 5 The buyer pays.", "5", "The buyer pays."),
        ("2.2 凝露造成的短路视同进水。", "2.2", "凝露造成的短路视同进水。"),
        ("3.2 个人信息的保护", "3.2", "个人信息的保护"),
        ("3.2 天气原因的延误", "3.2", "天气原因的延误"),
        ("6.2 点播退订", "6.2", "点播退订"),
        ("3.1 折叠床", "3.1", "折叠床"),
        ("3.1 成团人数", "3.1", "成团人数"),
        ("2.4 代驾", "2.4", "代驾"),
        ("1.3 楼道堆物", "1.3", "楼道堆物"),
        ("4.1 人身意外险", "4.1", "人身意外险"),
    ],
)
def test_a_paragraph_begins_with_its_number(line: str, number: str, rest: str) -> None:
    found = clause_start(line)
    assert found is not None
    assert (found.number, found.rest) == (number, rest)


@pytest.mark.parametrize(
    "line",
    [
        "2.5公斤以内的包裹首重十二元。",
        "2.5 公斤以内的包裹首重十二元。",
        "1.5倍赔偿仅适用于丢失。",
        "8.6.1版本起，应用支持一键改地址。",
        "2026.05.01起，新的积分规则生效。",
        "7天无理由退货不适用的商品",
        "7 天无理由退货",
        "24小时在线客服",
        "2026年春节放假安排",
        "2026 年春节放假安排",
        "6.18大促期间不发货。",
        "8.5折购买",
        "6.30点截止",
        "0.5%的手续费",
        "½ 杯水",
        "① 附件",
        "2.5 kg or less",
        "7 days to return an item",
    ],
)
def test_an_amount_a_version_or_a_day_is_no_number(line: str) -> None:
    assert read_number(line) is None
    assert split_number(line) == ("", line)


@pytest.mark.parametrize(
    "line",
    [
        "1. 打开订单",
        "3 steps remain",
        "Section 3 applies to refunds.",
        "A4 纸",
        "第二款所述",
        "3 张照片",
    ],
)
def test_what_may_number_a_heading_does_not_cut_a_text(line: str) -> None:
    assert clause_start(line) is None
