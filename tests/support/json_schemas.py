"""Hypothesis strategies for JSON schemas: well-formed ones, and ones with wrong values in them."""

from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(
    ["a", "b", "order", "amount", "phone", "note", "pattern", "properties", "$ref", ""]
)
PATTERNS = st.sampled_from(
    ["a", "^QH\\d{3}$", "[A-Z]{2,4}", "(", "(?<=a)b", "(a)\\1", "^$", "\\u4e2d", "a{2000}", "x+y*"]
)
REFERENCES = st.sampled_from(
    ["#", "#/$defs/a", "#/$defs/b", "#/properties/a", "#/nowhere", "http://[x", "b", "#a", ""]
)
NUMBERS = st.one_of(
    st.integers(-5, 12), st.floats(-4, 4, allow_nan=False), st.just(1e308), st.just(10**18)
)
SIZES = st.one_of(st.integers(0, 4), st.integers(-2, 5000))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=5), PATTERNS, REFERENCES)
TYPES = st.sampled_from(["string", "number", "integer", "boolean", "array", "object", "null"])
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=6,
)


def _keywords(part: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    parts = st.dictionaries(NAMES, part, max_size=3)
    lists = st.lists(part, min_size=1, max_size=3)
    return {
        "type": st.one_of(TYPES, st.lists(TYPES, min_size=1, max_size=3, unique=True)),
        **dict.fromkeys(("properties", "$defs", "dependentSchemas"), parts),
        "patternProperties": st.dictionaries(PATTERNS, part, max_size=2),
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), lists),
        **dict.fromkeys(
            (
                "items",
                "not",
                "if",
                "then",
                "else",
                "contains",
                "additionalProperties",
                "propertyNames",
            ),
            part,
        ),
        **dict.fromkeys(("unevaluatedProperties", "unevaluatedItems"), part),
        "dependencies": st.one_of(parts, st.dictionaries(NAMES, st.lists(NAMES, max_size=2))),
        "required": st.lists(NAMES, max_size=3, unique=True),
        "dependentRequired": st.dictionaries(
            NAMES, st.lists(NAMES, max_size=2, unique=True), max_size=2
        ),
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), NUMBERS),
        "multipleOf": st.sampled_from([1, 2, 0.1, 7, 1e-300, 0, -1]),
        **dict.fromkeys(
            ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
            SIZES,
        ),
        "minContains": SIZES,
        "uniqueItems": st.booleans(),
        "pattern": PATTERNS,
        "format": st.sampled_from(
            ["date", "date-time", "email", "uuid", "uri", "ipv4", "time", "unknown"]
        ),
        "const": ANYTHING,
        "default": ANYTHING,
        "enum": st.lists(ANYTHING, max_size=4),
        **dict.fromkeys(("$ref", "$dynamicRef", "$id"), REFERENCES),
        "description": st.sampled_from(["订单号", "amount", "x"]),
    }


def schemas() -> st.SearchStrategy[Any]:
    """Mostly objects of keywords with fitting values; one value in eight is of any kind."""

    def extended(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        keywords = _keywords(inner)
        pairs = [st.tuples(st.just(name), _mostly(value)) for name, value in keywords.items()]
        return st.lists(st.one_of(pairs), max_size=4).map(dict)

    return st.recursive(
        st.one_of(st.builds(dict), TYPES.map(lambda kind: {"type": kind}), st.booleans()),
        extended,
        max_leaves=8,
    )


def _mostly(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 7).flatmap(lambda draw: ANYTHING if draw == 0 else value)
