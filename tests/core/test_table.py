"""The table in memory, compared with a dict that is searched from end to end."""

from hypothesis import given
from hypothesis import strategies as st

from mha.core.table import Table, span

keys = st.text("ab\xff", max_size=4).map(lambda text: text.encode("latin-1"))  # few, so that they meet
changes = st.dictionaries(keys, st.none() | st.binary(max_size=2), max_size=12)


def beginning(model, prefix):
    return sorted((key, value) for key, value in model.items() if key.startswith(prefix) and value is not None)


@given(st.lists(changes, max_size=4), st.lists(changes, max_size=4), keys)
def test_a_table_answers_as_a_dict_does_whatever_lies_below(below, above, key):
    stored, table, model = Table(), Table(), dict[bytes, bytes | None]()
    over = Table(stored)
    for change in below:
        stored.apply(change)
        table.apply(change)
        model.update(change)
    for change in above:
        table.apply(change)
        over.apply(change)
        model.update(change)

        assert table.get(key) == over.get(key) == model.get(key)
        assert list(table.scan(key)) == list(over.scan(key)) == beginning(model, key)


@given(changes, changes)
def test_what_lies_below_is_never_changed(below, above):
    stored = Table()
    stored.apply(below)
    Table(stored).apply(above)
    assert list(stored.scan(b"")) == beginning(below, b"")


@given(changes, changes, changes)
def test_a_scan_does_not_see_what_is_applied_after_it_began(below, above, later):
    stored = Table()
    stored.apply(below)
    table = Table(stored)
    table.apply(above)

    found = table.scan(b"")
    table.apply(later)

    assert list(found) == beginning(below | above, b"")


@given(st.sets(keys), keys)
def test_a_span_holds_exactly_the_keys_that_begin_so(some, prefix):
    ordered = sorted(some)
    assert ordered[span(ordered, prefix)] == [key for key in ordered if key.startswith(prefix)]
