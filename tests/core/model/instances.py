"""Values that a schema takes, and values that are nearly so."""

import copy
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

FORMATS = {
    "mha-address": ["10.1.0.10", "0.0.0.0", "2001:db8::10", "::ffff:10.0.0.1", "fe80::1"],
    "mha-network": ["10.1.0.0/24", "0.0.0.0/0", "10.1.0.7/32", "2001:db8::/64", "::/0"],
    "mha-interface": ["10.1.0.7/24", "2001:db8::7/64", "10.1.0.7/0"],
    "mha-address-or-network": ["10.1.0.10", "10.1.0.0/24", "2001:db8::/64"],
    "mha-ports": ["1-65535", "80-80", "3200-3201"],
    "mha-date": ["2028-06-30", "2028-02-29", "0001-01-01"],
}
NEARLY = [
    *["10.1.0.300", "010.1.0.1", "10.1.0.7/24", "10.1.0.0/33", "10.1.0.0/024", "::g", "1::2::3", "fe80::1%eth0"],
    *["3201-3200", "0-5", "1-65536", "007-9", "2027-02-29", "2028-13-01", "2028-6-1", "24:30", "25:00", "6:30"],
    *["any", "layer:", "layer:x", "not", "accept", "acept", "tcp", "vault:a", "hunter2", "", "\n", "a\n", "x-y"],
    *["10.1.0.10\n", "2028-06-30\n", "80-90\n", "00:00:5e:00:53:45\n", "web.example.org\n", "web.example.org.", "Ä"],
]  # fmt: skip
_OCTETS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){3}(/[0-9]{1,3})?\Z")
_PREFIXES = st.tuples(st.ip_addresses(), st.integers(0, 129)).map(lambda pair: f"{pair[0]}/{pair[1]}")
NEARLY_ADDRESSES: st.SearchStrategy[str] = st.one_of(
    _OCTETS, _PREFIXES, st.ip_addresses().map(str), st.text("0123456789abf:./", max_size=24), st.sampled_from(NEARLY)
)
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [*NEARLY, 0, 1, -1, 443, 65536, 4095, True, False, None, 1.5, [], {}, [[]], {"not": "any"}]
)


def valid(schema: Any, root: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema of the forms that mha's kinds use most probably takes."""
    if schema is True:
        return JUNK
    if "$ref" in schema:
        return st.deferred(lambda: valid(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root))
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema and "properties" not in schema:
            return st.one_of([valid(part, root) for part in schema[keyword]])
    if "if" in schema:
        return st.one_of(valid(schema["then"], root), valid(schema["else"], root))
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    return _of_type(schema, root)


def _of_type(schema: dict[str, Any], root: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    match schema["type"]:
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "array":
            items = valid(schema["items"], root)
            return st.lists(items, min_size=schema.get("minItems", 0), max_size=3)
        case "object":
            return _mapping(schema, root)
        case "string":
            return _text(schema)
    return st.recursive(st.sampled_from(["dc-01", "a", 5, True, None]), lambda inner: st.lists(inner, max_size=2))


def _text(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if "format" in schema:
        return st.sampled_from(FORMATS[schema["format"]])
    if "pattern" in schema:
        return st.from_regex(schema["pattern"].replace("$", r"\Z"))
    return st.sampled_from(["web-01", "any", "Some words", "x"])


def _mapping(schema: dict[str, Any], root: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    fields = {name: valid(part, root) for name, part in schema.get("properties", {}).items()}
    wanted = {name: fields.pop(name) for name in schema.get("required", ())}
    if "oneOf" in schema:
        wanted["gateway"] = fields.pop("gateway")
        del fields["external"]
    known = st.fixed_dictionaries(wanted, optional=fields)
    if not isinstance(schema["additionalProperties"], dict):
        return known
    others = st.dictionaries(st.sampled_from(["eth0", "a-b", "x-y"]), valid(schema["additionalProperties"], root))
    return st.tuples(known, others).map(lambda both: both[0] | both[1])


@st.composite
def nearly_valid(draw: st.DrawFn, schema: Mapping[str, Any]) -> Any:
    """A valid value in which one part is taken away, replaced or added."""
    value = copy.deepcopy(draw(valid(schema, schema)))
    places = list(_places(value))
    if not places:
        return draw(JUNK)
    holder, key = draw(st.sampled_from(places))
    match draw(st.sampled_from(["replace", "remove", "add"])):
        case "remove" if isinstance(holder, dict):
            del holder[key]
        case "add" if isinstance(holder, dict):
            holder[draw(st.sampled_from(["adress", "x-note", "not", "kind", "", "Key", "section"]))] = draw(JUNK)
        case _:
            holder[key] = draw(JUNK)
    return value


def _places(value: Any) -> Any:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield value, key
        yield from _places(part)
