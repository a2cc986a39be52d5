"""What each side of a collision made of an object, field by field."""

from mha.core.model import contested, facts
from mha.core.model.contested import Contested
from tests.core.model.known import KINDS

RULES = "layers:\n  main:\n    rules:\n"
ONE, TWO = (f"      - {{name: {name}, from: any, to: any, service: any, action: drop}}\n" for name in ("one", "two"))


def between(base: str, *sides: str) -> list[Contested]:
    old, *new = (facts.of_file("objects/a.yaml", text.encode(), KINDS) for text in (base, *sides))
    return contested.of_objects({f"fw-{n}": {"objects/a.yaml": (old, each)} for n, each in enumerate(new)})


def told(found: Contested) -> dict[str, list[object]]:
    return {
        each.field: [held.value if held.exists else "gone" for held in (each.base, *each.sides)]
        for each in found.fields
    }


def test_fields_that_are_the_same_everywhere_are_not_told():
    text = "hosts:\n  a: {address: 10.0.0.1, comment: x, tags: [t]}\n"
    [found] = between(text, text.replace("0.1", "0.2"), text.replace(", comment: x", ""))
    assert (found.subject, told(found)) == (
        "host a",
        {"address": ["10.0.0.1", "10.0.0.2", "10.0.0.1"], "comment": ["x", "x", "gone"]},
    )


def test_an_object_that_one_side_alone_changed_is_none_of_them():
    text = "hosts:\n  a: 10.0.0.1\n  b: 10.0.0.2\n"
    assert between(text, text.replace("0.1", "0.9"), text.replace("0.2", "0.8")) == []


def test_what_a_side_deleted_is_told_as_a_whole():
    [found] = between("hosts:\n  a: 10.0.0.1\n", "", "hosts:\n  a: 10.0.0.2\n")
    assert told(found) == {"": [{"address": "10.0.0.1"}, "gone", {"address": "10.0.0.2"}]}


def test_what_both_added_was_not_there_before():
    [found] = between("", "hosts:\n  a: 10.0.0.1\n", "hosts:\n  a: 10.0.0.2\n")
    assert told(found) == {"address": ["gone", "10.0.0.1", "10.0.0.2"]}


def test_rules_are_told_by_name_and_their_order_where_it_is_another():
    [found] = between(RULES + ONE + TWO, RULES + TWO + ONE, RULES + ONE + TWO.replace("drop", "accept"))
    assert told(found) == {
        "rule two: action": ["drop", "drop", "accept"],
        "order of rules": [["rule one", "rule two"], ["rule two", "rule one"], ["rule one", "rule two"]],
    }


def test_a_rule_that_was_added_is_no_other_order_of_those_that_were_there():
    three = ONE.replace("one", "three")
    [found] = between(RULES + ONE + TWO, RULES + three + ONE + TWO, RULES + ONE.replace("drop", "accept") + TWO)
    assert "order of rules" not in told(found)
    assert told(found)["rule three: action"] == ["gone", "drop", "gone"]
