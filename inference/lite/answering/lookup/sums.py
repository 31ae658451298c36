"""Which sum a question means: a fine, a deposit or the tax is not the total of the paper."""

import re

# Words of a question, and those of a label that names the same sum.
OWN = (
    (r"税|\b(?:tax|vat|gst)\b", r"税|tax|vat|gst"),
    (
        r"[运邮]费|配送费|\b(?:shipping|postage|delivery)\b",
        r"[运邮]费|配送|ship|post|deliver|freight",
    ),
    (r"罚|违约|滞纳|\b(?:penalty|fined?|late (?:fee|payment))\b", r"罚|违约|滞纳|penalt|fine|late"),
    (r"赔|补偿|\bcompensat", r"赔|补偿|compensat"),
    (r"押金|押着|保证金|质保金|\bdeposit\b|\bretention\b", r"押|保证金|质保金|deposit|retention"),
    (
        r"[定订]金|预付|首付|尾款|\bdown ?payment\b|\bprepa",
        r"[定订]金|预付|首付|尾款|down|prepa|advance",
    ),
    (r"手续费|服务费|\bfee\b", r"手续|服务费|fee|charge"),
    (
        r"优惠|折扣|便宜|立减|满减|省了|\bdiscount\b|\bsaved?\b",
        r"优惠|折|减|省|券|discount|coupon|sav",
    ),
    (r"找零|找了|\bchange\b", r"找|change"),
    (r"利息|\binterest\b", r"利息|interest"),
)
PATTERNS = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(label, re.IGNORECASE)) for asked, label in OWN
)
# These ask for a total, with or without something.
TOTAL = re.compile(
    r"(?:不|未|没)?[含算]?税(?:前|后)|(?:不[含算]|含|未|价|扣|除|去|连|加|包括|算上)[^?？,，。]{0,3}(?:税|[运邮]费)|实[际付花]|\bpa(?:y|id)\b"
    r"|\b(?:before|after|without|with|including|excluding|excl|incl)\b",
    re.IGNORECASE,
)
# Labels of a total, or of what was paid.
OF_TOTAL = re.compile(
    r"合计|总[计额价]|小计|价税合计|实[付收]|应[付收]|(?:grand |order |sub)?total|amount (?:due|paid|charged)",
    re.IGNORECASE,
)


def is_another(question: str, label: str, field: str) -> bool:
    """Whether the total of a paper stands behind a label, and the question means a sum of its own.

    `field` is the reader's name of the value, "" where it has none.
    """
    is_total = field == "amount" or OF_TOTAL.match(label)
    if not is_total or TOTAL.search(question):
        return False
    own = [words for asked, words in PATTERNS if asked.search(question)]
    return bool(own) and not any(words.search(label) for words in own)
