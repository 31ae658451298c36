"""What a connector's file may say; each fault is named with its line and reason."""

from pathlib import Path

import pytest

from tests.support.connectors import READ, WRITE, opened, reasons_of, tool_of, write


async def reasons(folder: Path, text: str) -> list[str]:
    write(folder, tool=text)
    async with opened(folder) as connectors:
        assert connectors.find("tool") is None
        return reasons_of(connectors)


@pytest.mark.parametrize(
    ("before", "after", "line", "reason"),
    [
        ("title:", "titel:", 2, "no key of a connector"),
        ("effect: read", "effect: reed", 3, "'read' or 'write'"),
        ("effect: read", "", 1, "effect is missing"),
        ("retries: 0", "retries: many", 12, "valid integer"),
        ("timeout: 2", "timeout: 0", 11, "greater than 0"),
        ("/PATH/{waybill}", "/PATH/{waybil}", 9, "{waybil} is no parameter"),
        ("/PATH/{waybill}", "/PATH", 6, "the request does not use it"),
        ("  required: [waybill]", "", 8, "must be required"),
        ("${CONNECTOR_TOKEN}", "${HOME}", 9, "only names that begin with CONNECTOR_"),
        ("${CONNECTOR_TOKEN}", "${CONNECTOR_NONE}", 9, "${CONNECTOR_NONE} is not set"),
        ("$.status", "status", 12, "no JSONPath query"),
        ("$.status", "$..a..b", 12, "too long"),
        ("result: {status: $.status}", "", 1, "result is missing"),
        ("type: string", "type: text", 6, "no JSON Schema"),
        ("type: string", "pattern: '(?=a)'", 6, "cannot be run by RE2"),
        ("type: string", "$ref: 'http://evil/x'", 6, "leaves the document"),
        ("type: string", "$ref: '#/properties/waybill'", 6, "contains itself"),
        ("x-field: waybill_number", "x-field: 3", 6, "name of a field"),
        ("/PATH/{waybill}", "/{waybill}/{action.id}", 8, "for writes"),
        ("retries: 0", "confirm: {by: staff}", 11, "is for writes"),
        ("retries: 0", "say: {zh: '{{ state }}'}", 11, "names what there is not: state"),
        ("retries: 0", "say: {zh: '{{ status'}", 11, "no Jinja template"),
        ("retries: 0", "say: {zh: '{{ status.__class__() }}'}", 11, "call is not allowed"),
        ("retries: 0", "say: {zh: '{{ \"a\" * 99999999 }}'}", 11, "mul is not allowed"),
        ("retries: 0", "retries: [0", 12, "not valid YAML"),
        ("retries: 0", "timeout: 3", 11, "is there twice"),
        ("retries: 0", "mcp: {url: 'http://x', tools: [a]}", 11, "exactly one of"),
    ],
)
async def test_a_fault_of_a_read_is_named(
    tmp_path: Path, before: str, after: str, line: int, reason: str
) -> None:
    assert before in READ
    text = READ.lstrip("\n").replace(before, after, 1)
    found = await reasons(tmp_path, text)
    assert any(reason in one for one in found), found
    assert any(one.startswith("tool.yaml:") and abs(int(one.split(":")[1]) - line) <= 1
               for one in found), (line, found)  # fmt: skip


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("method: POST", "method: GET", "GET reads"),
        ("timeout: 2", "confirm: {by: boss}", "'customer' or 'staff'"),
        ("timeout: 2", "confirm: {expires: soon}", "a time such as"),
        ("timeout: 2", "confirm: {expires: 0s}", "between 1s and 7d"),
        ("timeout: 2", "confirm: {expires: 8d}", "between 1s and 7d"),
        ("timeout: 2", "idempotency: yes", "'key' or 'none'"),
        ("timeout: 2", "current: {connector: x, values: {price: p}}", "no parameter 'price'"),
        ("timeout: 2", "notify: {connector: mail, arguments: {to: '{{ nobody }}'}}", "nobody"),
    ],
)
async def test_a_fault_of_a_write_is_named(
    tmp_path: Path, before: str, after: str, reason: str
) -> None:
    found = await reasons(tmp_path, WRITE.replace(before, after, 1))
    assert any(reason in one for one in found), found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: &x [1]\nb: *x", "anchors"),
        ("a: !!python/object:os.system x", "tags are not read"),
        ("- 1", "must be a mapping"),
        ("", "must be a mapping"),
        ("---\na: 1\n---\nb: 2", "more than one document"),
        ("? [a]\n: 1", "a key must be plain text"),
        ("a: " + "[" * 500, "nested deeper"),
        ("a: \x01", "not valid YAML"),
    ],
)
async def test_yaml_that_is_not_read(tmp_path: Path, text: str, reason: str) -> None:
    found = await reasons(tmp_path, text)
    assert any(reason in one for one in found), found


async def test_a_bomb_of_aliases_is_refused_at_once(tmp_path: Path) -> None:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))
    found = await reasons(tmp_path, "a0: &a0 [lol]\n" + levels)
    assert len(found) == 1
    assert "anchors" in found[0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"title: \xff\xfe", "is not UTF-8"), (b"a: 1\n" * 3_000_000, "at most 262144 are read")],
)
async def test_bytes_that_are_not_read(tmp_path: Path, data: bytes, reason: str) -> None:
    (tmp_path / "tool.yaml").write_bytes(data)
    async with opened(tmp_path) as connectors:
        assert any(reason in one for one in reasons_of(connectors))


async def test_a_name_that_is_none_of_a_tool_is_named(tmp_path: Path) -> None:
    write(tmp_path, **{"Parcel-1": READ, "webhooks": "- {url: x}"})
    async with opened(tmp_path) as connectors:
        assert reasons_of(connectors) == [
            "Parcel-1.yaml:1: its name must be small letters, digits and _, beginning with a letter"
        ]


async def test_a_write_is_confirmed_by_the_customer_unless_the_file_says_otherwise(
    tmp_path: Path,
) -> None:
    staff = WRITE + "confirm: {by: staff, expires: 2h}\nidempotency: key\nretries: 4\n"
    write(tmp_path, plain=WRITE, staff=staff)
    async with opened(tmp_path) as connectors:
        plain, other = tool_of(connectors, "plain"), tool_of(connectors, "staff")
        assert (plain.confirm.by, plain.confirm.seconds) == ("customer", None)
        assert (plain.has_key, plain.retries, plain.limits.retries) == (False, 0, 0)
        assert (other.confirm.by, other.confirm.seconds) == ("staff", 7200)
        assert (other.has_key, other.retries, other.limits.retries) == (True, 4, 0)


async def test_a_read_may_have_the_keys_of_a_write_that_mean_nothing_there(tmp_path: Path) -> None:
    more = "confirm: {by: customer, expires: 15m}\nidempotency: key\n"
    write(tmp_path, tool=READ + more)
    async with opened(tmp_path) as connectors:
        tool = tool_of(connectors, "tool")
        assert reasons_of(connectors) == []
        assert (tool.effect, tool.has_key, tool.retries) == ("read", False, 0)


async def test_what_a_model_gets_has_no_notes_and_no_secrets(tmp_path: Path) -> None:
    write(tmp_path, parcel=READ, red=WRITE)
    async with opened(tmp_path) as connectors:
        parcel, red = tool_of(connectors, "parcel"), tool_of(connectors, "red")
        assert parcel.parameters["properties"] == {"waybill": {"type": "string", "title": "运单号"}}
        assert parcel.field_of == {"waybill": "waybill_number"}
        assert parcel.label_of("waybill", "en") == "waybill"
        assert parcel.label_of("waybill", "zh") == "运单号"
        assert set(red.parameters["properties"]) == {"invoice"}
        assert red.secrets == {"pin"}
        assert red.needs_user
        assert not parcel.needs_user


async def test_a_missing_connector_that_another_names_is_named(tmp_path: Path) -> None:
    more = (
        "current: {connector: order}\nnotify: {connector: mail, arguments: {text: '{{ said }}'}}\n"
    )
    write(tmp_path, tool=WRITE + more)
    async with opened(tmp_path) as connectors:
        found = reasons_of(connectors)
        assert len(found) == 2
        assert "current: order is no connector that reads" in found[0]
        assert "notify: there is no connector mail" in found[1]
        assert connectors.find("tool") is not None
