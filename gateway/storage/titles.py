"""What a conversation is called: by the document in its picture, else by its first words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, update
from sqlalchemy.orm import aliased

from gateway.storage.models import Conversation, Turn

TITLE_CHARACTERS = 40
# By the kind of a reading: its name in Chinese and in English, and the fields that tell one
# document of that kind from another, the best first.
DOCUMENTS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "waybill": ("运单", "Waybill", ("waybill_number", "order_number")),
    "invoice": ("发票", "Invoice", ("invoice_number",)),
    "receipt": ("收据", "Receipt", ("transaction_number", "order_number")),
    "payment": ("付款记录", "Payment", ("transaction_number", "order_number", "error_code")),
    "order": ("订单", "Order", ("order_number",)),
    "error": ("报错", "Error", ("error_code",)),
    "chat": ("聊天记录", "Chat", ()),
    "contract": ("合同", "Contract", ("contract_number",)),
}


@dataclass(frozen=True, slots=True)
class Document:
    kind: str
    number: str  # "" where none was read

    def title(self, chinese: bool) -> str:
        """At most TITLE_CHARACTERS."""
        name = DOCUMENTS[self.kind][0 if chinese else 1]
        return f"{name} {self.number}".strip()[:TITLE_CHARACTERS]


def document_of(readings: Sequence[dict[str, Any]]) -> Document | None:
    """The first document of a known kind, one with a number before one without. `readings` are
    masked, so a title shows no more than they do."""
    found = [
        Document(kind, _number(reading.get("fields") or [], DOCUMENTS[kind][2]))
        for reading in readings
        if (kind := str(reading.get("kind"))) in DOCUMENTS
    ]
    return next((one for one in found if one.number), found[0] if found else None)


def _number(fields: Sequence[dict[str, Any]], names: Sequence[str]) -> str:
    for name in names:
        for field in fields:
            if field.get("name") == name and field.get("value"):
                return str(field["value"])
    return ""


def title_of(masked: str) -> str:
    """Of a conversation that begins with this question."""
    return " ".join(masked.split())[:TITLE_CHARACTERS]


def name_conversations(connection: Connection, documents: dict[str, Document]) -> None:
    """Names the conversations of these answers, by id, after their documents, and keeps the kind.

    A title stays where a person has given it, or where the conversation began with another
    question.
    """
    question, earlier = aliased(Turn), aliased(Turn)
    before = (earlier.conversation_id == Turn.conversation_id, earlier.role == "user")
    number = select(func.max(earlier.number)).where(*before, earlier.number < Turn.number)
    wanted = (
        select(Turn.id, Conversation.id, Conversation.title, question.text)
        .join(Conversation, Conversation.id == Turn.conversation_id)
        .join(question, question.number == number.scalar_subquery())
        .where(Turn.id.in_(documents))
    )
    for answer_id, conversation_id, title, text in connection.execute(wanted).all():
        document = documents[answer_id]
        values: dict[str, Any] = {"kind": document.kind}
        if title == title_of(text):
            values["title"] = document.title(chinese=_is_chinese(text))
        changed = update(Conversation).where(Conversation.id == conversation_id).values(**values)
        connection.execute(changed)


def _is_chinese(text: str) -> bool:
    return any("\u4e00" <= one <= "\u9fff" for one in text)
