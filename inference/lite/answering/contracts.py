"""The parties of a contract: of an English one, which names them in a sentence (between A and B),
and by which word a Chinese one calls its seller, buyer, landlord or tenant."""

import re

from inference.lite.answering.paragraphs import paragraphs
from inference.lite.reading import Field, Reading

MAX_TEXT = 4_000  # characters in which the parties are looked for
MAX_SENTENCE = 300  # characters behind "between"
ENDS = re.compile(r"[(（,;]|\.(?:\s|$)")  # of a name

# "甲方（买方）", "乙方(出租人)"
CALLED = re.compile(r"([甲乙丙]方)\s?[(（]([^()（）]{2,12})[)）]")
# What people say, and what contracts write behind 甲方 or 乙方.
ROLES = (
    (re.compile(r"卖家|卖方|供方|供货[方商]|厂家"), re.compile(r"卖|供|销售")),
    (re.compile(r"买家|买方|需方|采购方"), re.compile(r"买|需|采购")),
    (re.compile(r"房东|出租[人方]"), re.compile(r"出租")),
    (re.compile(r"租客|租户|房客|承租[人方]"), re.compile(r"承租")),
    (re.compile(r"装修公司|施工[方队]|承包[人方商]"), re.compile(r"承包|施工")),
    (re.compile(r"业主|发包[人方]"), re.compile(r"发包|业主")),
)
FORMAL = (
    (re.compile(r"(?:晚|迟|拖)(?:了)?(?=[交付发送给])"), "逾期"),
    (re.compile(r"罚(?:款|钱)?"), "违约金"),
)


def in_its_words(question: str, reading: Reading) -> str:
    """A question in the words of a Chinese contract: 卖家晚交货罚多少 is 乙方逾期交货违约金多少."""
    for line in reading.lines:
        for party, role in CALLED.findall(line.text):
            for said, written in ROLES:
                if written.search(role):
                    question = said.sub(party, question)
    for said, formal in FORMAL:
        question = said.sub(formal, question)
    return question


def parties(reading: Reading) -> list[Field]:
    """Party A and party B; [] where no sentence names them."""
    text = " ".join(paragraphs(reading))[:MAX_TEXT]
    said = text.partition("between ")[2][:MAX_SENTENCE]
    names = [ENDS.split(part)[0].strip() for part in said.split(" and ", 1)]
    return [Field("company", name) for name in names] if _are_names(names) else []


def _are_names(names: list[str]) -> bool:
    return len(names) > 1 and all(name[:1].isupper() and len(name) > 2 for name in names)
