"""Edits of YAML files: what is handed out is the file with that change and no other, or a line to be edited by hand."""

from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mha.core.edit_tree import Edit, Emptied, Remove, Replace
from mha.core.edits import ByHand, edited, mentions, removed, replaced
from mha.core.places import Place
from mha.core.scalars import Unreadable
from tests.core.edit_oracle import Tree, assert_removed, assert_replaced, at, changed, marked, steps, values, ways
from tests.core.yaml_texts import texts

NEW = ["renamed-1", "no", "a b: c # d", "one\ntwo\n", "it's", "x, z", "- a", "1.5", "", " a "]

BY_HAND = {
    "the new key stands there already": (
        "a: 1\nb: 2\n",
        Replace(Place(0, ("b",), is_key=True), "a"),
        ByHand(2, "After this edit the file could not be read. The key a is a duplicate: it stands in line 1 already."),
    ),
    "the value is repeated": (
        "a:\n  - &x web-01\n  - *x\n",
        Replace(Place(0, ("a", 0)), "web-02"),
        ByHand(2, "The value with the anchor &x is used in line 3 too."),
    ),
    "what goes is repeated": (
        "a: &x web-01\nb: [*x]\n",
        Remove(Place(0, ("a",))),
        ByHand(1, "The value with the anchor &x is used in line 2 too."),
    ),
    "the value has no colon, and a line to itself": (
        "? a\n? b\n",
        Replace(Place(0, ("b",)), "c"),
        ByHand(2, "After this edit the file could not be read. A key is neither text nor a whole number."),
    ),
}


@pytest.mark.parametrize(("text", "edit", "outcome"), BY_HAND.values(), ids=BY_HAND)
def test_an_edit_that_would_change_anything_else_is_left_to_a_person(text, edit, outcome):
    assert edited(text.encode(), [edit]) == outcome


def test_among_many_edits_the_one_that_cannot_be_made_is_named():
    text = "".join(f"k{n}: 1\n" for n in range(20))
    edits: list[Edit] = [Replace(Place(0, (f"k{n}",)), "x") for n in range(20)]
    outcome = edited(text.encode(), [*edits, Replace(Place(0, ("k7",), is_key=True), "k3")])
    assert isinstance(outcome, ByHand)
    assert outcome.line == 8


def anchored(*edits: Edit) -> bytes | ByHand:
    return edited(b"a: &x web-01\nb: [*x , *x ]\n", edits)


def test_an_anchored_value_changes_together_with_all_its_aliases_which_stay():
    users = [Replace(Place(0, path), "web-02") for path in (("a",), ("b", 0), ("b", 1))]
    assert anchored(*users) == b"a: &x web-02\nb: [*x , *x ]\n"


def test_an_alias_that_goes_is_no_user():
    assert anchored(Replace(Place(0, ("a",)), "web-02"), Remove(Place(0, ("b",)))) == b"a: &x web-02\n"


def test_an_alias_that_gets_another_text_is_written_out():
    one, other = Replace(Place(0, ("b", 0)), "web-03"), Replace(Place(0, ("b", 1)), "web-04")
    assert anchored(one) == b"a: &x web-01\nb: [web-03 , *x ]\n"
    assert anchored(Replace(Place(0, ("a",)), "web-02"), one, other) == b"a: &x web-02\nb: [web-03 , web-04 ]\n"
    assert anchored(Remove(Place(0, ("a",))), one, other) == b"b: [web-03 , web-04 ]\n"


def test_an_anchor_of_another_document_has_other_users():
    outcome = replaced(b"- &x a\n- *x\n---\n- &x a\n", Place(1, (0,)), "b")
    assert outcome == b"- &x a\n- *x\n---\n- &x b\n"


def test_a_text_that_is_there_already_changes_nothing():
    assert replaced(b'a: "\\x62"  # c', Place(0, ("a",)), "b") == b'a: "\\x62"  # c'


def test_a_place_that_is_not_in_the_file_is_an_error():
    with pytest.raises(LookupError):
        removed(b"a: 1\n", Place(0, ("b",)))


def test_a_rename_and_a_removal_are_made_in_one_pass():
    text = b"kind: layer\nrules:\n  # x\n  - {from: web-01, to: [web-01, db-01]}\n  - {from: web-01, to: any} # y\n"
    edits: list[Edit] = [
        Replace(Place(0, ("rules", 0, "from")), "web-02"),
        Remove(Place(0, ("rules", 1))),
        Replace(Place(0, ("rules", 0, "to", 0)), "web-02"),
        Replace(Place(0, ("rules", 1, "from")), "web-02"),
    ]
    assert edited(text, edits) == b"kind: layer\nrules:\n  # x\n  - {from: web-02, to: [web-02, db-01]}\n"


def read(text: str) -> list[Tree]:
    """The values of a text that the reader takes."""
    try:
        return values(text.encode())
    except Unreadable:
        assume(False)
        raise


def chosen(documents: list[Tree], random: Random, most: int) -> list[Place]:
    every = [Place(index, way) for index, document in enumerate(documents) for way in ways(document)]
    return random.sample(every, min(most, len(every)))


SEEDS = st.integers(0, 2**32).map(Random)


@settings(deadline=None, max_examples=300)
@given(texts(), SEEDS)
def test_a_replaced_text_is_all_that_changes(text, random):
    documents = read(text)
    for place in chosen(documents, random, 6):
        above, value = at(documents[place.document], place.path[:-1]), at(documents[place.document], place.path)
        if not isinstance(value, dict | list) and _is_free(text, place):
            assert_replaced(text.encode(), marked(text.encode()), Replace(place, random.choice(NEW)))
        if isinstance(above, dict):
            key = Place(place.document, place.path, is_key=True)
            assert_replaced(text.encode(), marked(text.encode()), Replace(key, random.choice(["new", "x: z", "07"])))


@settings(deadline=None, max_examples=300)
@given(texts(), SEEDS)
def test_a_removed_entry_takes_along_what_belongs_to_it_and_nothing_else(text, random):
    documents = read(text)
    for place in chosen(documents, random, 6):
        if _is_free(text, place):
            assert_removed(text.encode(), marked(text.encode()), Remove(place))


def _is_free(text: str, place: Place) -> bool:
    """Whether no alias repeats what stands there."""
    outcome = edited(text.encode(), [Remove(place)])
    return not isinstance(outcome, ByHand) or "with the anchor" not in outcome.problem


@settings(deadline=None, max_examples=300)
@given(texts(), SEEDS, st.sampled_from(Emptied))
def test_several_edits_are_made_at_once_in_any_order(text, random, emptied):
    documents = read(text)
    gone = chosen(documents, random, 3)
    gone += [place for one in gone[:1] for place in beside(documents, one) if random.random() < 0.5]
    edits: list[Edit] = [Remove(place, emptied) for place in gone]
    for number, place in enumerate(chosen(documents, random, 6)):
        above, value = at(documents[place.document], place.path[:-1]), at(documents[place.document], place.path)
        if not isinstance(value, dict | list):
            edits.append(Replace(place, "new"))
        if isinstance(above, dict):
            edits.append(Replace(Place(place.document, place.path, is_key=True), f"key-{number}"))

    outcome = edited(text.encode(), edits)

    assert edited(text.encode(), edits[::-1]) == outcome
    if isinstance(outcome, ByHand):
        assert "with the anchor" in outcome.problem
        return
    after = changed(documents, edits, emptied)
    assert repr(values(outcome)) == repr(after)
    assert (outcome == b"") == (after == [])


def beside(documents: list[Tree], place: Place) -> list[Place]:
    """The places in the same collection."""
    *above, _ = place.path
    return [Place(place.document, (*above, step)) for step, _ in steps(at(documents[place.document], tuple(above)))]


@settings(deadline=None, max_examples=200)
@given(texts())
def test_a_file_is_mentioned_in_wherever_one_of_its_texts_is_asked_for(text):
    documents = read(text)
    for place in chosen(documents, Random(0), 20):
        for found in (place.path[-1], at(documents[place.document], place.path)):
            assert not isinstance(found, str) or mentions(text.encode(), found)


MENTIONS = {
    "plain": (b"a: web-01\n", "web-01", True),
    "a part": (b"a: layer:web-01\n", "web-01", True),
    "another": (b"a: web-01\n", "web-02", False),
    "an escape": (b'a: "web\\x2d01"\n', "web-01", True),
    "folded": (b"a: web\n  01\n", "web 01", True),
    "doubled quotes": (b"a: 'it''s'\n", "it's", True),
    "letters of two bytes": ("a: büro\n".encode(), "büro", True),
}


@pytest.mark.parametrize(("data", "name", "may"), MENTIONS.values(), ids=MENTIONS)
def test_a_file_that_cannot_hold_a_name_is_told_without_reading(data, name, may):
    assert mentions(data, name) is may
