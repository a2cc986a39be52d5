"""What is wrong with an object by itself: the words, the lines, and that two validators agree on what is right."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]
from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]
from jsonschema.validators import extend  # type: ignore[import-untyped]

from mha.core import reader
from mha.core.model import values
from mha.core.model.codes import CODES
from mha.core.model.spelling import Object, spelled
from mha.core.model.validity import MAX_PROBLEMS, problems
from tests.conftest import SAMPLE
from tests.core.model import instances
from tests.core.model.known import KINDS, NAMES, one


def said(text):
    return [(p.line, p.code, p.message, p.hint) for p in problems(one(text))]


LAYER = "kind: layer\nname: a\nrules:\n"
PORTS = "The destination port of tcp, udp or sctp: a port, a range in quotes, or a list; all, where none is named."
WRONG = {
    "a field that the kind does not have, by a slip": (
        "hosts:\n  web-01:\n    address: 10.1.0.1\n    adress: 10.1.0.2\n",
        [(4, "invalid-field", "`adress` is no field of a host.", "Did you mean `address`?")],
    ),
    "a field in another case": (
        "hosts:\n  web-01:\n    ADDRESS: 10.1.0.1\n    address: 10.1.0.2\n",
        [(3, "invalid-field", "`ADDRESS` is no field of a host.", "Did you mean `address`?")],
    ),
    "a field that no kind has": (
        "zones:\n  dmz: {level: 3}\n",
        [
            (2, "invalid-field", "`level` is no field of a zone.",
             "It takes `comment` or `tags`; what begins with x- is yours."),
        ],
    ),
    "a missing field, at the object": (
        "kind: host\nname: web-01\nzone: dmz\n",
        [(2, "invalid-field", "A host needs `address`.", "Write `address:` and an address, or a list of addresses.")],
    ),
    "a missing field of an empty object": (
        "hosts:\n  web-01:\n",
        [(2, "invalid-field", "A host needs `address`.", "Write `address:` and an address, or a list of addresses.")],
    ),
    "a field below a key that is a number": (
        "gateways:\n  a:\n    interfaces:\n      1:\n        zone: 5\n",
        [(5, "invalid-field", "`5` in `zone` is not the name of a zone.", 'Put it in quotes: "5".')],
    ),
    "a number where text belongs": (
        "zones:\n  dmz: {comment: 5}\n",
        [(2, "invalid-field", "`5` in `comment` is not a text.", 'Put it in quotes: "5".')],
    ),
    "a truth where text belongs": (
        LAYER + "  - section: true\n",
        [(4, "invalid-field", "`true` in `section` is not a title.", 'Put it in quotes: "true".')],
    ),
    "a number in quotes": (
        'networks:\n  a: {address: 10.1.0.0/24, vlan: "12"}\n',
        [(2, "invalid-field", "`12` in `vlan` is not the number of a VLAN.", "Write it without quotes: 12.")],
    ),
    "nothing where something belongs": (
        "hosts:\n  a:\n    address: 10.1.0.1\n    zone:\n",
        [
            (4, "invalid-field", "An empty value in `zone` is not the name of a zone.",
             "Write a value, or take the field out."),
        ],
    ),
    "a mapping where an address belongs": (
        "hosts:\n  a:\n    address: {v4: 10.1.0.1}\n",
        [
            (3, "invalid-field", "A mapping in `address` is not an address, or a list of addresses.",
             "`mha schema` and the kind prints what it takes."),
        ],
    ),
    "no address at all, in the short form": (
        "hosts:\n  web-01: none\n",
        [
            (2, "invalid-field", "`none` in `address` is not an IPv4 or IPv6 address.",
             "Write an address such as `10.1.0.10` or `2001:db8::10`."),
        ],
    ),
    "an octet that is too large, in a list": (
        "hosts:\n  a:\n    address:\n      - 10.1.0.1\n      - 10.1.0.300\n",
        [
            (5, "invalid-value", "`10.1.0.300` in `address` is not an IPv4 or IPv6 address.",
             "The four numbers are 0 to 255, without a 0 before them."),
        ],
    ),
    "host bits": (
        "networks:\n  a: 10.1.0.7/24\n",
        [
            (2, "invalid-value", "`10.1.0.7/24` in `address` has bits set behind its prefix of 24.",
             "Did you mean `10.1.0.0/24`?"),
        ],
    ),
    "a range that runs backwards, in the short form": (
        "ranges:\n\n  a: 10.1.0.9-10.1.0.1\n",
        [
            (3, "invalid-value", "The range from `10.1.0.9` to `10.1.0.1` runs backwards.",
             "Begin with `10.1.0.1` and end with `10.1.0.9`."),
        ],
    ),
    "a range of two versions": (
        'ranges:\n  a:\n    last: "2001:db8::1"\n    first: 10.1.0.1\n',
        [(4, "invalid-value", "The range from `10.1.0.1` to `2001:db8::1` mixes IPv4 and IPv6.",
          "Write a range for each.")],
    ),
    "ports that run backwards": (
        'services:\n  a: {protocol: tcp, port: ["90-80"]}\n',
        [(2, "invalid-value", "`90-80` in `port` runs backwards.", 'Write "80-90".')],
    ),
    "a port above all ports": (
        "services:\n  a: tcp/65536\n",
        [(2, "invalid-value", "`65536` in `port` is not a port.", "Allowed is 1 to 65535.")],
    ),
    "a port of six digits": (
        "services:\n  a: tcp/100000\n",
        [(2, "invalid-value", "`100000` in `port` is not a port.", "Allowed is 1 to 65535.")],
    ),
    "port 0": (
        "services:\n  a: tcp/0\n",
        [(2, "invalid-value", "`0` in `port` is not a port.", "Allowed is 1 to 65535.")],
    ),
    "port 0, in the long form": (
        "services:\n  a: {protocol: tcp, port: 0}\n",
        [(2, "invalid-value", "`0` in `port` is not a port.", "Allowed is 1 to 65535.")],
    ),
    "ports from 0": (
        "services:\n  a: tcp/0-80\n",
        [(2, "invalid-value", "`0-80` in `port` has a port that does not exist.", "Ports are 1 to 65535.")],
    ),
    "a VLAN that does not exist": (
        "networks:\n  a: {address: 10.1.0.0/24, vlan: 4095}\n",
        [(2, "invalid-value", "`4095` in `vlan` is not the number of a VLAN.", "Allowed is 1 to 4094.")],
    ),
    "a port of a protocol without ports": (
        "services:\n  a: {protocol: icmp, port: 80}\n",
        [
            (2, "invalid-field", "`port` does not belong here.",
             PORTS),
        ],
    ),
    "a protocol by a slip": (
        "services:\n  a: {protocol: tpc, port: 80}\n",
        [
            (2, "invalid-field", "`tpc` in `protocol` is not a protocol.", "Did you mean `tcp`?"),
            (2, "invalid-field", "`port` does not belong here.",
             PORTS),
        ],
    ),
    "an hour that no day has": (
        'times:\n  a: {start: "25:00", end: "24:00"}\n',
        [(2, "invalid-field", "`25:00` in `start` is not a time of day.", "Write it like `06:30`.")],
    ),
    "a start without an end": (
        'times:\n  a: {start: "23:00"}\n',
        [(2, "invalid-field", "A time needs `end`.", "Write `end:` and a time of day.")],
    ),
    "a day that the calendar does not have": (
        'users:\n  a:\n    expires: "2027-02-29"\n',
        [
            (3, "invalid-value", "`2027-02-29` in `expires` is not a day of the calendar.",
             'Write year, month and day: "2028-06-30".'),
        ],
    ),
    "an action by a slip": (
        LAYER + "  - name: b\n    from: any\n    to: any\n    service: any\n    action: acept\n",
        [(8, "invalid-field", "`acept` in `action` is not an action.", "Did you mean `accept`?")],
    ),
    "an action that nobody knows": (
        LAYER + "- {name: b, from: any, to: any, service: any, action: encrypt with me}\n",
        [
            (4, "invalid-field", "`encrypt with me` in `action` is not an action.",
             "Write it like `accept` or `layer:NAME`."),
        ],
    ),
    "a rule that does not say where from": (
        LAYER + "\n  - name: b\n    to: any\n    service: any\n    action: drop\n",
        [
            (5, "invalid-field", "A rule needs `from`.",
             "Write `from:` and `any`, a name, a list of names, or `not:` and names."),
        ],
    ),
    "a field of a rule by a slip": (
        LAYER + "\n- {name: b, from: any, to: any, service: any, action: drop,\n   install_on: fw}\n",
        [(6, "invalid-field", "`install_on` is no field of a rule.", "Did you mean `install-on`?")],
    ),
    "not anything": (
        LAYER + "- {name: b, from: {not: }, to: any, service: {nots: x}, action: drop}\n",
        [
            (4, "invalid-field", "An empty value in `not` is not a name, or a list of names.",
             "Write a value, or take the field out."),
            (4, "invalid-field", "`not:` and names needs `not`.", "Write `not:` and a name, or a list of names."),
            (4, "invalid-field", "`nots` is no field of `not:` and names.", "Did you mean `not`?"),
        ],
    ),
    "from nobody": (
        LAYER + "- {name: b, from: [], to: any, service: any, action: drop}\n",
        [(4, "invalid-field", "A list in `from` has nothing in it.", "Write at least one, or take the field out.")],
    ),
    "a waiver without a reason": (
        LAYER + "- {name: b, from: any, to: any, service: any, action: drop, allow: {why: }}\n",
        [(4, "invalid-field", "An empty value in `why` is not a reason.", "Write a value, or take the field out.")],
    ),
    "a waiver of no code": (
        LAYER + "- {name: b, from: any, to: any, service: any, action: drop, allow: {\n   Risky Service: because}}\n",
        [
            (5, "invalid-field", "`Risky Service` in `allow` is not the code of a check.",
             "Write it like `risky-service`."),
        ],
    ),
    "a translation of nothing": (
        "kind: nat\nname: a\nrules:\n- {name: b, from: any, to: any, service: any, translate: {}}\n",
        [
            (4, "invalid-field", "A mapping in `translate` has nothing in it.",
             "Write at least one, or take the field out."),
        ],
    ),
    "a peer that is nobody": (
        "kind: vpn\nname: a\nlocal: {gateway: fw}\npeer: {networks: [a]}\n",
        [(4, "invalid-field", "The other end of a tunnel needs `gateway` or `external`.", "Write one of them.")],
    ),
    "a peer that is two": (
        "kind: vpn\nname: a\nlocal: {gateway: fw}\npeer:\n  gateway: fw\n  external: x\n",
        [
            (4, "invalid-field", "The other end of a tunnel has more than one of `gateway` or `external`.",
             "Keep one of them."),
        ],
    ),
    "a password": (
        "kind: vpn\nname: a\nlocal: {gateway: fw}\npeer: {gateway: fw}\nsecret: correct horse\n",
        [
            (5, "secret", "`secret` takes a reference to a secret, and this is none.",
             "Write where it is kept, like `vault:vpn/hq-plant`."),
        ],
    ),
    "a password that is a number": (
        "kind: setting\nname: a\nvalue:\n  - admin-password: 12345\n",
        [
            (4, "secret", "`admin-password` takes a reference to a secret, and this is none.",
             "Write where it is kept, like `vault:name`."),
        ],
    ),
    "control characters are shown as escapes": (
        'zones:\n  dmz: {"\\e[31m": 1}\n',
        [
            (2, "invalid-field", "`\\x1b[31m` is no field of a zone.",
             "It takes `comment` or `tags`; what begins with x- is yours."),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_with_its_line_and_what_to_write(text, expected):
    assert said(text) == expected
    assert {code for _, code, _, _ in expected} <= CODES.keys()


RIGHT = {
    "notes of one's own, everywhere": (
        "kind: layer\nname: a\nx-a: [1]\nrules:\n- {section: S, x-b: 1}\n"
        "- {name: b, from: {not: c, x-c: {}}, to: any, service: any, action: drop, x-d: null}\n"
    ),
    "an empty group": "groups:\n  quarantined: []\n",
    "a group of one": "groups:\n  a: b\n",
    "an external that only promises its name": "externals:\n  a:\n",
    "every port": "services:\n  a: {protocol: tcp}\n",
    "a protocol by its number": "services:\n  a: {protocol: 47}\n",
    "a time up to midnight": 'times:\n  a: {start: "22:00", end: "24:00"}\n',
    "a setting that is a switch": "kind: setting\nname: a\nvalue: {ssh-password: false, key: vault:a, x-key: mine}\n",
    "a layer without rules": "kind: layer\nname: a\nrules: []\n",
    "a range of one address": "ranges:\n  a: 10.1.0.1-10.1.0.1\n",
}


@pytest.mark.parametrize("text", RIGHT.values(), ids=RIGHT)
def test_what_is_right_is_taken(text):
    assert said(text) == []


@pytest.mark.parametrize("path", sorted(SAMPLE.rglob("*.yaml")), ids=lambda path: str(path.relative_to(SAMPLE)))
def test_every_sample_file_is_valid(path):
    found = spelled(reader.read(path.read_bytes()), KINDS)
    assert found.objects
    assert (found.problems, [problem for thing in found.objects for problem in problems(thing)]) == ([], [])


def test_a_flood_of_mistakes_is_cut():
    thing = one("kind: group\nname: a\ninclude: [" + "1, " * 1000 + "1]\n")
    assert len(problems(thing)) == MAX_PROBLEMS


def _pattern(_validator, pattern, instance, _schema):
    # Python's $ also matches before a last line break; that of JSON Schema does not.
    if isinstance(instance, str) and not re.search(pattern.replace("$", r"\Z"), instance):
        yield ValidationError("no match")


ORACLE = extend(Draft202012Validator, {"pattern": _pattern})
FORMATS = FormatChecker(formats=())
for _name, _check in values.CHECKS.items():
    FORMATS.checks(_name)(_check)
ORACLES = {name: ORACLE(kind.schema, format_checker=FORMATS) for name, kind in KINDS.by_name.items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_one_to_another_library(name):
    Draft202012Validator.check_schema(KINDS.by_name[name].schema)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_made_after_a_schema_is_mostly_valid_and_both_validators_agree(name, data):
    schema = KINDS.by_name[name].schema
    value = data.draw(instances.valid(schema, schema))
    assert KINDS.by_name[name].validator.is_valid(value) == ORACLES[name].is_valid(value)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_both_validators_agree_on_nearly_valid_values_and_something_is_said_about_each(name, data):
    kind = KINDS.by_name[name]
    value = data.draw(instances.nearly_valid(kind.schema))
    found = kind.validator.is_valid(value)
    assert found == ORACLES[name].is_valid(value)
    errors = [error for error in kind.validator.iter_errors(value) if error.kind.name != "falseSchema"]
    others = [error for error in ORACLES[name].iter_errors(value) if error.validator is not None]
    places = {
        tuple(step for step in error.absolute_path if step != "") for error in others
    }  # ours leaves out an empty key
    assert {tuple(error.instance_path) for error in errors} == places

    if isinstance(value, dict):
        node = reader.Mapping((), 7)
        said = problems(Object(kind, "a", value, 7, node))
        assert bool(said) != found or kind.ascending
        for problem in said:
            assert problem.code in CODES
            assert re.fullmatch(r"[A-Z`].*\.", problem.message, re.DOTALL)
            assert re.fullmatch(r"[A-Z`].*[.?]", problem.hint, re.DOTALL)
            assert not re.search(r"[{}]|anyOf|oneOf|schema\[|\^|\$/", problem.message)
