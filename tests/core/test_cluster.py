"""`mha.yaml`: what it says, and where it is wrong."""

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mha.core.cluster import Cluster, Model, OnIsolated, Role, Server, Settings, complaints, initial, key
from mha.core.cluster_reader import parse
from mha.core.model.severity import Severity
from mha.core.names import url
from mha.errors import InvalidClusterFile, NewerFormat

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8Ht8Z3j6yDWPBHQtOp/R9rjWvfMYo3MSA/K6q8D86r"
HARDWARE_KEY = "sk-ssh-ed25519@openssh.com AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIC8w=="
WHOLE = f"""\
# The cluster and its servers
cluster: acme
servers:
  fw-a: {{url: "ssh://mha@fw-a.example.org/srv/mha", key: {KEY}, role: primary}}
  fw-b:
    url: /srv/mha  # on a mounted disk
    role: secondary
settings: {{sync-interval: 5m, wait-for: 2, on-isolated: refuse}}
administrators: {{jana: {{any: thing}}}}
model:
  interpret: ["objects/**"]
  severity: {{unused: error, shadowed: notice}}
"""
FW_A = Server("fw-a", url("ssh://mha@fw-a.example.org/srv/mha"), Role.PRIMARY, KEY)
FW_B = Server("fw-b", url("/srv/mha"), Role.SECONDARY, None)

SETTINGS = Settings(300, 2, OnIsolated.REFUSE)
MODEL = Model(("objects/**",), {"unused": Severity.ERROR, "shadowed": Severity.NOTICE})


def parsed(text):
    return parse(text.encode())


def error(text):
    with pytest.raises(InvalidClusterFile) as caught:
        parsed(text)
    return caught.value


def test_what_a_whole_file_says():
    assert parsed(WHOLE) == Cluster("acme", {"fw-a": FW_A, "fw-b": FW_B}, SETTINGS, MODEL)


def test_settings_have_defaults():
    assert parsed("cluster: acme\nservers: {}\n") == Cluster("acme", {}, Settings(60, 0, OnIsolated.ALLOW))
    assert Settings() == Settings(60, 0, OnIsolated.ALLOW)
    assert Model() == Model(("objects/**", "policies/**", "users/**", "settings/**"), {})


def test_the_words_for_roles_are_a_contract_with_scripts():
    assert [*Role] == ["primary", "secondary"]


LINES = {
    # what is wrong: its line, and the words for it
    "a broken file": ("cluster: acme\nservers: {a: [}\n", 2, "This is not YAML"),
    "a severity that is none": (
        "cluster: a\nservers: {}\nmodel: {severity: {unused: bad}}\n",
        3,
        "'bad' is no severity",
    ),
    "a pattern with a word twice": (
        'cluster: a\nservers: {}\nmodel:\n  interpret: ["{a}/{a}"]\n',
        4,
        "'{a}/{a}' has a word in braces twice.",
    ),
    "a pattern alone": ("cluster: acme\nservers: {}\nmodel: {interpret: objects}\n", 3, "interpret must be a list"),
    "a duplicate key": ("cluster: acme\nservers: {}\ncluster: acme\n", 3, "The key cluster is a duplicate"),
    "a disputed word": ("cluster: no\nservers: {}\n", 1, "`no` is false to some YAML readers"),
    "not UTF-8": ("cluster: acme\n# \udce4\n", 2, "The file is not UTF-8."),
    "an empty file": ("", 1, "One document is expected."),
    "only comments": ("# nothing\n", 1, "One document is expected."),
    "two documents": ("cluster: acme\nservers: {}\n---\ncluster: other\n", 4, "One document is expected."),
    "a list": ("\n- cluster\n", 2, "the file must be a mapping."),
    "text": ("acme\n", 1, "the file must be a mapping."),
    "no cluster": ("servers: {}\n", 1, "cluster is missing."),
    "no servers": ("cluster: acme\n", 1, "servers is missing."),
    "servers without any": ("cluster: acme\nservers:\n", 2, "servers must be a mapping."),
    "servers as a list": ("cluster: acme\nservers:\n  - fw-a\n", 3, "servers must be a mapping."),
    "settings as text": ("cluster: acme\nservers: {}\nsettings: fast\n", 3, "settings must be a mapping."),
    "a bad cluster's name": ("servers: {}\ncluster: Acme\n", 2, "'Acme' is not a name for a server or a cluster."),
    "a number for a cluster's name": ("cluster: 1.50\nservers: {}\n", 1, "'1.5' is not a name"),
    "a list for a cluster's name": ("cluster:\n  [acme]\nservers: {}\n", 2, "One word is expected here."),
    "a bad server's name": (WHOLE.replace("fw-b", "fw_b"), 5, "'fw_b' is not a name for a server or a cluster."),
    "nobody for a name": (WHOLE.replace("fw-b", "none"), 5, "'none' is not a name for a server or a cluster."),
    "a number for a name": (WHOLE.replace("fw-b", "17"), 5, "'17' is not a name for a server or a cluster."),
    "a server that is text": (
        WHOLE.replace("    role: secondary\n", "    role: secondary\n  fw-c: x\n"),
        8,
        "fw-c must be",
    ),
    "no url": (WHOLE.replace("url: /srv/mha", "x-url: /srv/mha"), 5, "url is missing."),
    "no role": (WHOLE.replace("role: primary", "x-role: primary"), 4, "role is missing."),
    "a bad url": (WHOLE.replace("/srv/mha  #", "ext::sh  #"), 6, "'ext::sh' is not the address of a server's home."),
    "no text for a url": (WHOLE.replace("/srv/mha  #", "  #"), 6, "'None' is not the address of a server's home."),
    "a choice for on-isolated that is none": (
        WHOLE.replace("refuse", "stop"),
        8,
        "'stop' is no choice for on-isolated: allow or refuse.",
    ),
    "a pause without a reason": (WHOLE.replace("refuse", "refuse, paused: ' '"), 8, "paused needs a reason"),
    "a bad role": (WHOLE.replace("secondary", "master"), 7, "'master' is not a role: primary or secondary."),
    "a role in capitals": (WHOLE.replace("secondary", "Secondary"), 7, "'Secondary' is not a role"),
    "a short key": (WHOLE.replace(KEY, "ssh-ed25519 AAAA"), 4, "The key is not an ed25519 public key"),
    "another kind of key": (WHOLE.replace("ssh-ed25519", "ssh-rsa"), 4, "The key is not an ed25519 public key"),
    "options before a key": (WHOLE.replace(KEY, f"'no-pty {KEY}'"), 4, "The key is not an ed25519 public key"),
    "a comment after a key": (WHOLE.replace(KEY, f"{KEY} root@fw-a"), 4, "The key is not an ed25519 public key"),
    "a second line after a key": (WHOLE.replace(KEY, f'"{KEY}\\nssh-rsa A"'), 4, "The key is not an ed25519"),
    "an empty key": (WHOLE.replace(KEY, "~"), 4, "The key is not an ed25519 public key"),
    "half a Standby": (WHOLE.replace("wait-for: 2", "wait-for: 0.5"), 8, "0.5 is not a whole number from 0 on."),
    "less than no Standby": (WHOLE.replace("wait-for: 2", "wait-for: -1"), 8, "-1 is not a whole number from 0 on."),
    "a truth for a number": (WHOLE.replace("wait-for: 2", "wait-for: true"), 8, "True is not a whole number"),
    "text for a number": (WHOLE.replace("wait-for: 2", "wait-for: '2'"), 8, "'2' is not a whole number"),
    "text for a format": ("format: one\ncluster: acme\nservers: {}\n", 1, "'one' is not a whole number"),
}


@pytest.mark.parametrize(("text", "line", "words"), LINES.values(), ids=LINES)
def test_every_error_names_its_line(text, line, words):
    with pytest.raises(InvalidClusterFile) as caught:
        parse(text.encode("utf-8", "surrogateescape"))
    found = caught.value
    assert (found.line, found.message) == (line, f"mha.yaml:{line}: {found.problem}")
    assert found.problem.startswith(words)
    assert found.hint.endswith((".", "`."))


DURATIONS = {"1s": 1, "60s": 60, "5m": 300, "2h": 7200, "999999s": 999999}


@pytest.mark.parametrize(("text", "seconds"), DURATIONS.items())
def test_a_duration_is_a_number_with_its_unit(text, seconds):
    assert parsed(WHOLE.replace("5m", text)).settings.sync_interval_seconds == seconds


@pytest.mark.parametrize(
    "text", ["0s", "60", "60 s", "1d", "-1s", "1.5m", "1m30s", "m", "٣s", "''", "9999999s", "[60s]"]
)
def test_what_is_no_duration_is_refused_at_its_line(text):
    assert error(WHOLE.replace("5m", text)).line == 8


def test_a_newer_format_asks_for_an_upgrade():
    with pytest.raises(NewerFormat) as caught:
        parsed(f"format: 2\n{WHOLE}")
    assert (caught.value.message, caught.value.hint) == (
        "mha.yaml was written by a newer mha (format 2; this mha reads 1).",
        "Upgrade mha on this server.",
    )


def test_a_newer_format_is_named_before_anything_else_that_is_not_understood():
    with pytest.raises(NewerFormat):
        parsed("servers: [another, form]\ngroup: acme\nformat: 17\n")


def test_this_format_may_be_written_down():
    assert parsed(f"format: 1\n{WHOLE}") == parsed(WHOLE)


def test_unknown_keys_are_collected_with_their_lines_and_change_nothing_else():
    text = WHOLE.replace("cluster: acme\n", "cluster: acme\nwitness: fw-w\n")
    text = text.replace("role: primary}", "role: primary, priority: 7}")
    text = text.replace("on-isolated: refuse}", "on-isolated: refuse, colour: [red]}") + "1: one\n"

    found = parsed(text)

    assert found.unknown == ((3, "witness"), (5, "priority"), (9, "colour"), (14, "1"))
    assert (found.name, found.servers, found.settings) == ("acme", {"fw-a": FW_A, "fw-b": FW_B}, SETTINGS)


def test_a_code_that_this_mha_does_not_know_is_unknown_and_not_refused():
    found = parsed("cluster: acme\nservers: {}\nmodel:\n  severity: {of-tomorrow: error}\n")

    assert found.unknown == ((4, "of-tomorrow"),)


OTHER = Server("fw-c", url("/srv/other"), Role.PRIMARY)
PUBLISHED = Cluster("acme", {"fw-a": FW_A, "fw-b": FW_B}, Settings(wait_for=1))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (PUBLISHED, []),
        (PUBLISHED._replace(name="other"), ["mha.yaml: the cluster is named acme, and a cluster keeps its name."]),
        (PUBLISHED._replace(servers={"fw-b": FW_B}), ["mha.yaml: fw-a is Active and must stay listed."]),
        (PUBLISHED._replace(unknown=((6, "setings"),)), ["mha.yaml:6: setings is not a known key."]),
        (
            PUBLISHED._replace(servers={"fw-a": FW_A, "fw-c": OTHER}),
            ["mha.yaml: fw-a and fw-c are primary; one server is, the first that was installed."],
        ),
        (
            PUBLISHED._replace(settings=Settings(wait_for=2)),
            ["mha.yaml: wait-for is 2, and the servers that could hold a revision are 1."],
        ),
        (PUBLISHED._replace(servers={"fw-a": FW_A}), []),  # a server that is lost may be removed
    ],
)
def test_a_changed_file_is_held_against_the_published_one(changed, said):
    assert complaints(PUBLISHED, changed, active="fw-a") == said


def test_keys_for_other_programs_are_left_alone():
    text = WHOLE.replace("role: primary}", "role: primary, x-rack: 7}") + "x-owner: {any: thing}\n"
    assert parsed(text) == parsed(WHOLE)


@pytest.mark.parametrize("text", [KEY, f"{KEY} root@fw-a", f"  {KEY}\n", KEY.replace(" ", "\t  ") + " a comment"])
def test_a_key_as_people_paste_it(text):
    assert key(text) == KEY


def test_a_hardware_key_is_no_servers_key():
    """A server's key lies in its home, and is used when nobody is there to touch anything."""
    with pytest.raises(ValueError, match="not an ed25519 public key"):
        key(HARDWARE_KEY)


@pytest.mark.parametrize(
    "text", ["", "x", "ssh-ed25519", f"no-pty {KEY}", KEY.split()[1], KEY.replace("AAAA", "AA,A"), "ssh-rsa AAAA"]
)
def test_what_is_no_key_is_refused(text):
    with pytest.raises(ValueError, match="not an ed25519 public key"):
        key(text)


RESERVED = {"no", "on", "off", "yes", "true", "null", "none", "false", "lock"}
LABELS = st.text(alphabet=string.ascii_lowercase, min_size=2, max_size=8).filter(lambda word: word not in RESERVED)
NAMES = st.lists(LABELS, min_size=1, max_size=4).map("-".join) | st.lists(LABELS, min_size=1, max_size=4).map(".".join)
PATHS = st.lists(LABELS, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))
URLS = PATHS | st.builds("ssh://{}@{}{}".format, LABELS, NAMES, PATHS) | st.builds("ssh://{}:22{}".format, NAMES, PATHS)
KEYS = st.text(alphabet=string.ascii_letters + string.digits + "+/", min_size=68, max_size=68).map(
    "ssh-ed25519 {}".format
)


@given(cluster=NAMES, name=NAMES, address=URLS, public=KEYS)
@settings(deadline=None, max_examples=60)
def test_the_first_file_says_what_init_was_told(cluster, name, address, public):
    text = initial(cluster=cluster, name=name, url=address, key=public)
    assert parsed(text) == Cluster(cluster, {name: Server(name, url(address), Role.PRIMARY, public)}, Settings())


def line_of_the_error(data):
    """Where a file is refused, 1 where it is not; any other error than the documented ones is passed on."""
    try:
        parse(data)
    except InvalidClusterFile as refused:
        return refused.line
    except NewerFormat:
        return 1
    return 1


PARTS = st.sampled_from(
    [
        *WHOLE.split("\n"),
        "format: 2",
        "servers:",
        "  -",
        "  ? x",
        "cluster: {}",
        "settings: ~",
        "  fw-a: &a b",
        "x",
        "---",
        "\t",
    ]
)


@given(lines=st.lists(PARTS | st.text(max_size=6), max_size=12))
@settings(deadline=None, max_examples=200)
def test_any_file_is_understood_or_refused_at_one_of_its_lines(lines):
    data = "\n".join(lines).encode("utf-8", "surrogatepass")
    assert 1 <= line_of_the_error(data) <= data.count(b"\n") + 2  # what is missing at the end is missing after it


@given(
    place=st.integers(0, len(WHOLE)),
    length=st.integers(0, 20),
    instead=st.text(alphabet=" \n:-{}[]\"'&*#,~1x", max_size=5),
)
@settings(deadline=None, max_examples=200)
def test_any_slip_of_an_editor_is_understood_or_refused_at_a_line(place, length, instead):
    data = (WHOLE[:place] + instead + WHOLE[place + length :]).encode()
    assert 1 <= line_of_the_error(data) <= data.count(b"\n") + 2
