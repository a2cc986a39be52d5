"""The assessment: judging only what a change touches gives what judging everything gives."""

from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mha.core.model import assessment, catalog, facts, memory
from mha.core.model.checks.dates import Days
from mha.core.model.findings import in_order
from mha.core.model.ledger import Ledger
from mha.core.model.memory import Memory
from mha.store import kind_files

DAYS = Days("2026-11-30", "2026-12-30")
KINDS = kind_files.built_in()
TEXTS = [
    "hosts: {web-01: 10.1.0.10}\n",
    "hosts: {web-01: 10.1.0.11, web-02: 10.1.0.12}\n",
    "hosts:\n\n  Web-01: 10.1.0.10\n",
    "hosts: {web-01: {address: 10.1.0.10, zone: dmz}}\n",
    "hosts: {web-01: 10.1.0.300}\n",
    "networks: {lan: {address: 10.1.0.0/24, zone: inside}, dmz-net: {address: 10.1.0.0/28, zone: dmz}}\n",
    "networks: {lan: {address: 10.1.0.0/16, zone: dmz}}\nzones: {dmz: {}, inside: {}}\n",
    "networks: {wan: {address: 10.0.0.0/8, zone: inside}}\nzones: {inside: {}}\n",
    "zones: {dmz: {}}\nranges: {some: 10.1.0.10-10.1.0.12}\n",
    "groups: {servers: [web-01, web-02]}\n",
    "groups: {servers: {include: [lan], except: [web-01]}, more: [servers]}\n",
    "groups: {servers: [more], more: [servers]}\n",
    "groups: {more: [even-more], even-more: [web-01]}\n",
    "services: {https: tcp/443, ssh: tcp/22, tls: tcp/443}\n",
    "services: {https: tcp/8443, telnet: tcp/23}\nservice-groups: {web: [https, telnet]}\n",
    "users: {jana: {expires: '2026-12-15'}, max: {expires: '2026-01-01'}}\n",
    "roles: {admins: {users: [jana], networks: [lan]}, web-01: {users: [max]}}\n",
    """
kind: layer
name: main
rules:
- {name: a, from: servers, to: any, service: https, action: accept}
- {name: b, from: web-01, to: any, service: https, action: drop}
- {name: rest, from: any, to: any, service: any, action: drop}
""",
    """
kind: layer
name: main
rules:
- {name: a, id: r-1, from: dmz, to: lan, service: any, action: layer:inner}
- {name: b, id: r-2, from: [admins, web-01], to: more, service: ssh, action: accept, allow: {shadowed: so}}
""",
    """
kind: layer
name: inner
rules:
- {name: c, id: r-1, from: any, to: {not: [dmz]}, service: web, action: accept, expires: '2026-12-01'}
- {name: d, from: lan, to: any, service: any, action: layer:main}
""",
    "kind: layer\nname: other\nrules: [{name: c, from: any, to: any, service: any, action: accept}]\n",
    'hosts: {"a\\x1fb": 10.0.0.2, "c\\0d": 10.0.0.3}\ngroups: {odd: ["a\\x1fb", "c\\0d"]}\n',
    "groups: {more: [first], first: [second], second: [servers, second]}\n",
    "externals: {https: {}, ssh: 192.0.2.1, jana: {contact: a@example.org}, web-01: {}}\n",
    "hosts: [",
    "hots: {}\n",
]
PATHS = [f"objects/{letter}.yaml" for letter in "abcdef"]
NOTHING = facts.Facts()
State = dict[str, str]
STATES = st.dictionaries(st.sampled_from(PATHS), st.sampled_from(TEXTS))


def read(state: State) -> dict[str, facts.Facts]:
    return {path: facts.of_file(path, text.encode(), KINDS) for path, text in sorted(state.items())}


def facts_in(files: dict[str, facts.Facts], path: str) -> facts.Facts:
    return files.get(path, NOTHING)


def changes(old: State, new: State) -> dict[str, tuple[facts.Facts, facts.Facts]]:
    before, after = read(old), read(new)
    paths = [path for path in PATHS if old.get(path) != new.get(path)]
    return {path: (before.get(path, NOTHING), after.get(path, NOTHING)) for path in paths}


@settings(max_examples=150)
@given(st.lists(STATES, min_size=1, max_size=4), st.sampled_from([Memory, Ledger]))
def test_judging_what_a_change_touches_gives_what_judging_everything_gives(states, make):
    book, state = make(), State()
    for following in states:
        files = read(following)
        assessment.advance(book, changes(state, following), partial(facts_in, files), DAYS)
        state = following
        whole = memory.judged(files, DAYS)

        assert in_order(book.all_found()) == in_order(whole.all_found())
        assert book.counts() == whole.counts()


LATER = Days("2026-12-16", "2027-01-15")


@given(STATES, st.sampled_from([Memory, Ledger]), st.sampled_from([(DAYS, LATER), (LATER, DAYS)]))
def test_judging_what_names_a_day_gives_what_judging_everything_on_that_day_gives(state, make, days):
    book, files, (before, after) = make(), read(state), days
    assessment.advance(book, changes({}, state), partial(facts_in, files), before)

    assessment.renew(book, partial(facts_in, files), before, after)

    assert in_order(book.all_found()) == in_order(memory.judged(files, after).all_found())


@pytest.mark.parametrize("text", TEXTS)
def test_the_ledger_gives_back_the_rows_that_it_was_given(text):
    found = facts.of_file("objects/a.yaml", text.encode(), KINDS)
    ledger = Ledger()

    ledger.change("objects/a.yaml", NOTHING, found)

    rows = list(catalog.rows(found))
    assert sorted(map(repr, ledger.beginning(""))) == sorted(repr((key, row)) for key, row in rows)
    for key, _ in rows:
        assert sorted(map(repr, ledger.under(key))) == sorted(repr(row) for other, row in rows if other == key)


def found(*texts: str) -> list[tuple[str, str]]:
    """The codes and messages of what is wrong in files with these texts."""
    files = {
        f"{number}.yaml": facts.of_file(f"{number}.yaml", text.encode(), KINDS) for number, text in enumerate(texts)
    }
    return [(each.code, each.message) for each in in_order(memory.judged(files, DAYS).all_found())]


USING = """
kind: layer
name: main
rules:
- {name: a, from: jana, to: lan, service: sip, when: nights, action: layer:theirs}
- {name: rest, from: any, to: any, service: any, action: drop}
"""
PROMISE = "externals: {jana: {}, lan: {}, sip: {}, nights: {}, theirs: {}}\n"
UNUSED, DANGLING = "Nothing refers to it.", "There is no service named sip."


def test_an_external_without_an_address_promises_a_name_in_every_space():
    assert [code for code, _ in found(USING)].count("dangling") == 5
    assert not [message for code, message in found(USING, PROMISE) if code == "dangling" or "external" in message]
    assert [message for code, message in found(USING, PROMISE) if code == "unused"] == [UNUSED]  # the layer itself


def test_an_external_with_an_address_is_no_service():
    there = found(USING, PROMISE.replace("sip: {}", "sip: 192.0.2.1"))
    assert ("dangling", DANGLING) in there
    assert there.count(("unused", UNUSED)) == 2


def test_a_promise_of_what_is_there_is_unused():
    there = found(USING, PROMISE, "services: {sip: udp/5060}\n")
    assert there.count(("unused", UNUSED)) == 2
    assert ("dangling", DANGLING) not in there


def test_a_rule_for_a_time_that_nobody_knows_leaves_the_other_rules_as_they_are():
    assert not [code for code, _ in found(USING) if code not in ("dangling", "unused")]
