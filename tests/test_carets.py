"""The caret below a line of a file: it points at what a finding is about."""

import pytest

from mha.cli.render import carets

PORT = "`0` in `port` is not a port."
POINTED = {
    # the subject, the message, and the line with ^ before what is pointed at
    "a value in a line of its own": (
        "host web-01", "`10.1.0.300` in `address` is not an IPv4 or IPv6 address.", "    address: ^10.1.0.300  # new",
    ),
    "a name that dangles": (
        "rule web of layer main", "There is no address object named web-09.", "    - {name: web, to: [web-0, ^web-09]}",
    ),
    "a value that stands in another object too": (
        "service t", PORT, "services: {s: tcp/0, t: {protocol: tcp, port: ^0}, u: {protocol: udp, port: 0}}",
    ),
    "a value of the short form, and the field of another object": (
        "service s", PORT, "services: {r: udp/0, s: tcp/^0, t: {protocol: tcp, port: 0}}",
    ),
    "a value that stands in another field too": (
        "network n", "`5` in `vlan` is not the number of a VLAN.", '  n: {comment: 5 or 15, vlan: "^5"}',
    ),
    "a value that is part of another one": (
        "group g", "There is no address object named web.", "g: [web-1, 1.web, ^web]",
    ),
    "a field by a slip": (
        "network n", "`addres` is no field of a network.", "n: {comment: addresses, ^addres: 10.1.0.0/24}",
    ),
    "a field that lacks": (
        "network n", "A network needs `address`.", "networks: {m: {comment: address}, ^n: {vlan: 5}}",
    ),
    "a field that lacks in a rule": ("layer main", "A rule needs `name`.", "  - ^{id: r1, from: web-1}"),
    "a field with a list in it": (
        "network n", "A list in `address` has nothing in it.", "  n: {^address: [], vlan: 6}",
    ),
    "a part of a range": (
        "range q", "The range from `10.1.0.9` to `10.1.0.1` runs backwards.",
        "ranges: {r: {first: 10.1.0.9, last: 10.1.0.10}, q: ^10.1.0.9-10.1.0.1}",
    ),
    "an object of which nothing is quoted": (
        "group web", "Nothing refers to it.", "groups: {all: [web], ^web: [web-1]}",
    ),
    "a rule of which nothing is quoted": (
        "rule r3 of layer main", "It is never reached: r2 (line 18) matches all of it.", "  - {id: ^r3, from: r2}",
    ),
    "a rule that is named behind what is wrong in it": (
        "rule a of layer main", "There is no address object named web-9.", "  - {to: ^web-9, name: a}",
    ),
    "a name in brackets and quotes": (
        "group g", "There is no address object named c.", "groups: {g: {include: ['a, }', \"b\"], except: ^c}, c: [a]}",
    ),
    "a key that stands twice in a line": (
        "", "The key web-1 is a duplicate: it stands in line 1 already.", "hosts: {web-1: 10.1.0.1, ^web-1: 10.1.0.2}",
    ),
    "a key that stood before": (
        "", "The key web-1 is a duplicate: it stands in line 2 already.", "  ^web-1: 10.1.0.1",
    ),
    "a word that readers dispute": (
        "", "`no` is false to some YAML readers and text to others.", "{note: no-one, x: ^no}",
    ),
    "a line in which nothing is known": ("host web-01", "It is odd.", "  - ^address: 10.1.0.1"),
    "an escape": ("", "`\\x07` is no section.", "^\\x07: 1"),
    "no line that is like the message": ("host a", "`b` in `c` is odd.", "  ^x: y"),
}  # fmt: skip


@pytest.mark.parametrize(("subject", "message", "line"), POINTED.values(), ids=POINTED)
def test_the_caret_stands_below_what_the_finding_is_about(subject, message, line):
    assert carets.pointed(line.replace("^", ""), subject, message) == [
        line.replace("^", ""),
        " " * line.index("^") + "^",
    ]


def test_a_place_far_to_the_right_is_shown_with_what_stands_around_it():
    line = f"groups: {{g: [{'web-01, ' * 40}web-09, {'web-02, ' * 40}]}}"
    shown, below = carets.pointed(line, "group g", "There is no address object named web-09.")
    assert shown[below.index("^") :].startswith("web-09, web-02")
    assert (shown[0], len(shown), below.index("^")) == ("…", carets.WIDTH, carets.WIDTH // 2 + 1)


def test_control_characters_and_tabs_move_no_caret():
    assert carets.pointed("a:\t\x1b[2J, b: x", "", "`x` is odd.") == [r"a: \x1b[2J, b: x", " " * 15 + "^"]
