"""Edits of mha.yaml: one server's lines come or go, and no other byte changes."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mha.core import cluster, cluster_reader
from mha.core.cluster import Role
from mha.store.cluster_file import add_server, remove_server, set_excluded, set_paused, set_roles

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJmSdj1ygnbPmgHiXFJZ8wyrlGcqyEmIeCXRoNfJPXRD"
BLOCK = """\
# Ask Jana before you change this.
cluster:   acme        # as on the invoice
servers:

    # the old building
    fw-a:   { url: "/srv/a",  role: primary }   # on the left

    # the new building
    'fw-b':
        url:  '/srv/b'   # a disk
        role: secondary  # for now
        # nothing follows here

# how often?
settings:
  sync-interval:   60s
model:
  interpret:
  - "objects/**"
  -   policies/**
"""
FLOW = """\
{cluster: acme, servers: {fw-a: {url: "/srv/a", role: primary}, fw-b: {url: "/srv/b",
  role: secondary}}, settings: {}}
"""
ALIAS = """\
cluster: acme
servers:
  fw-a:
    url: /srv/a
    role: &second secondary
  fw-b:
    url: /srv/b
    role: *second
settings: {}
"""
STYLES = {
    "as `mha init` writes it": cluster.initial(cluster="acme", name="fw-a", url="/srv/a", key=KEY),
    "blocks and comments": BLOCK,
    "no newline at the end": 'cluster: acme\nservers:\n  fw-a: {url: "/srv/a", role: primary}',
    "Windows line ends": BLOCK.replace("\n", "\r\n"),
    "flow": FLOW,
    "an alias at the end": ALIAS,
    "letters beyond ASCII": BLOCK.replace("the old building", "Gebäude 𝔄"),
}


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES.keys())
def test_adding_a_server_inserts_its_entry_and_changes_no_other_byte(text):
    edited = add_server(text.encode(), name="fw-z", url="/srv/z", key=KEY, role="secondary").decode()

    start = next((n for n, (one, other) in enumerate(zip(edited, text, strict=False)) if one != other), len(text))
    end = len(text) - start
    assert edited[:start] + edited[len(edited) - end :] == text
    inserted = edited[start : len(edited) - end]
    assert inserted.strip(" ,\r\n") == f'fw-z: {{url: "/srv/z", key: {KEY}, role: secondary}}'
    found, known = cluster_reader.parse(edited.encode()), cluster_reader.parse(text.encode())
    assert found.servers == {**known.servers, "fw-z": found.servers["fw-z"]}
    assert (found.servers["fw-z"].url.text, found.servers["fw-z"].role) == ("/srv/z", Role.SECONDARY)
    assert found.settings == known.settings


def test_a_server_without_a_key_is_added_without_one():
    edited = add_server(BLOCK.encode(), name="fw-z", url="ssh://mha@z:22/srv/z", key=None, role="secondary")
    assert b'    fw-z: {url: "ssh://mha@z:22/srv/z", role: secondary}\n' in edited


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES.keys())
def test_removing_the_server_that_was_added_brings_every_byte_back(text):
    edited = add_server(text.encode(), name="fw-z", url="/srv/z", key=None, role="secondary")
    restored = remove_server(edited, name="fw-z").decode()
    assert restored in (text, text + "\n")


def test_removing_a_server_keeps_the_comments_of_its_neighbours():
    edited = remove_server(BLOCK.encode(), name="fw-b").decode()

    gone = ["    'fw-b':", "        url:  '/srv/b'   # a disk", "        role: secondary  # for now"]
    assert edited.splitlines() == [line for line in BLOCK.splitlines() if line not in gone]


@pytest.mark.parametrize(("name", "left"), [("fw-a", "fw-b"), ("fw-b", "fw-a")])
def test_removing_from_a_flow_mapping_leaves_the_other_as_it_was(name, left):
    edited = remove_server(FLOW.encode(), name=name)
    known = cluster_reader.parse(FLOW.encode()).servers
    assert cluster_reader.parse(edited).servers == {left: known[left]}


def test_the_server_that_ends_with_an_alias_goes_whole():
    edited = remove_server(ALIAS.encode(), name="fw-b").decode()
    assert edited == ALIAS.replace("  fw-b:\n    url: /srv/b\n    role: *second\n", "")


def roles(primary: str, text: str) -> dict[str, str]:
    return {name: "primary" if name == primary else "secondary" for name in cluster_reader.parse(text.encode()).servers}


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES.keys())
def test_another_primary_changes_the_words_for_roles_and_no_other_byte(text):
    two = add_server(text.encode(), name="fw-z", url="/srv/z", key=None, role="secondary").decode()
    wanted = roles("fw-z", two)

    edited = set_roles(two.encode(), wanted).decode()

    assert {name: server.role for name, server in cluster_reader.parse(edited.encode()).servers.items()} == wanted
    words = re.compile(r"role: *(&?\*?second )?(primary|secondary|\*second)")
    assert words.sub("role", edited) == words.sub("role", two)
    if "second" not in words.findall(two)[0][0]:
        back = set_roles(edited.encode(), roles("fw-a", two)).decode()
        assert back == (two if "*second" not in two else back)


@pytest.mark.parametrize("word", ["primary", '"primary"', "'primary'", ">-\n      primary", "primary  # the first"])
def test_a_role_is_replaced_however_it_is_written(word):
    fw_a, fw_b = f"  fw-a:\n    url: /srv/a\n    role: {word}\n", "  fw-b: {url: /srv/b, role: secondary}\n"
    text = f"cluster: acme\nservers:\n{fw_a}{fw_b}"

    edited = set_roles(text.encode(), {"fw-a": "secondary", "fw-b": "primary"}).decode()

    comment = "  # the first" if "#" in word else ""
    assert edited.splitlines()[4:] == [f"    role: secondary{comment}", "  fw-b: {url: /srv/b, role: primary}"]


def test_servers_that_share_the_word_for_their_role_have_one_each_then():
    edited = set_roles(ALIAS.encode(), {"fw-a": "primary", "fw-b": "secondary"}).decode()
    assert edited == ALIAS.replace("&second secondary", "primary").replace("*second", "secondary")


WHY = 'the "audit" of #4: Gebäude 𝔄'


@pytest.mark.parametrize("text", STYLES.values(), ids=STYLES.keys())
def test_a_pause_is_a_setting_and_its_end_brings_the_bytes_back(text):
    paused = set_paused(text.encode(), WHY)

    known = cluster_reader.parse(text.encode())
    assert cluster_reader.parse(paused) == known._replace(settings=known.settings._replace(paused=WHY))
    resumed = set_paused(paused, None)
    assert cluster_reader.parse(resumed) == known
    assert re.sub(r"\s*(settings: {}\s*)?$", "", resumed.decode()) == re.sub(r"\s*(settings: {}\s*)?$", "", text)


@pytest.mark.parametrize(
    ("settings", "left"),
    [
        ("settings:\n  paused: x  # soon\nx-a: 1\n", "settings:\n  {}  # soon\nx-a: 1\n"),
        ("settings: {paused: x}\n", "settings: {}\n"),
        ("settings: {paused: x, wait-for: 0}\n", "settings: {wait-for: 0}\n"),
        ("settings:\n  paused: x\n  wait-for: 0\n", "settings:\n  wait-for: 0\n"),
    ],
)
def test_a_pause_that_was_written_by_hand_ends_too(settings, left):
    before = "cluster: acme\nservers:\n  fw-a: {url: /srv/a, role: primary}\n"
    assert set_paused(f"{before}{settings}".encode(), None).decode() == before + left
    assert cluster_reader.parse(set_paused(f"{before}{left}".encode(), "y")).settings.paused == "y"


@settings(deadline=None)
@given(
    indent=st.integers(1, 8),
    blanks=st.lists(st.sampled_from(["", "  ", "# a comment", "      # far"]), max_size=4),
    block=st.lists(st.booleans(), min_size=1, max_size=4),
    newline=st.sampled_from(["\n", "\r\n"]),
)
def test_no_layout_loses_a_line(indent, blanks, block, newline):
    lines = ["cluster: acme", "servers:"]
    for number, is_block in enumerate(block):
        name, url = f"fw-{number}", f"/srv/{number}"
        fields = [" " * (indent * 2) + field for field in (f"url: {url}", "role: secondary  # why")]
        entry = [f"{name}:", *fields] if is_block else [f"{name}: {{url: {url}, role: secondary}}"]
        lines += [*blanks, " " * indent + entry[0], *entry[1:]]
    text = newline.join([*lines, *blanks, "settings: {}", ""])

    added = add_server(text.encode(), name="fw-z", url="/srv/z", key=None, role="secondary")

    new = " " * indent + 'fw-z: {url: "/srv/z", role: secondary}' + newline
    assert added.decode().replace(new, "", 1) == text
    assert remove_server(added, name="fw-z").decode() == text
    for name in cluster_reader.parse(added).servers:
        left = cluster_reader.parse(remove_server(added, name=name)).servers
        assert left.keys() == cluster_reader.parse(added).servers.keys() - {name}


@pytest.mark.parametrize(
    "text", [*STYLES.values(), ALIAS.replace("\n    url: /srv/b\n    role: *second", " {url: /srv/b, role: *second}")]
)
def test_excluding_a_server_adds_one_field_and_including_it_brings_every_byte_back(text):
    known = cluster_reader.parse(text.encode())
    for name, server in known.servers.items():
        edited = set_excluded(text.encode(), name=name, why='its "disk": \u00fc # x')

        servers = dict(known.servers) | {name: server._replace(excluded='its "disk": \u00fc # x')}
        assert cluster_reader.parse(edited) == known._replace(servers=servers)
        again = set_excluded(edited, name=name, why="other")
        assert cluster_reader.parse(again).servers[name].excluded == "other"
        for each in (edited, again):
            assert set_excluded(each, name=name, why=None).decode() in (text, text + "\n")
