"""What servers, clusters and addresses may be called; whatever is not plainly harmless is refused."""

import os
import subprocess

import pygit2
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mha.core import names
from mha.errors import InvalidName, InvalidUrl

NAMES = ["a", "0a", "fw-a", "fw--a", "fw-1.example.org", "a.b.c", "xn--bcher-kva", "2026-01-31", "nine", "x" * 63]


@pytest.mark.parametrize("name", NAMES)
def test_plain_names_are_taken_as_they_are(name):
    assert names.server_name(name) == name


OTHER_CHARACTERS = [*" \t\n\r\0\x1b\x7f/\\:;,@~^?*[]{}()<>|&$`'\"!#%+=_", "A", "é", "ſ", "\u202e", "\u200b", "\ud800"]
LETTERS = "Use lower-case letters, digits, hyphens and dots: `fw-a`."
BAD_NAMES = {
    LETTERS: ["", "-", ".", "-a", "a-", ".a", "a.", "a..b", "a.-b", "a-.b", "..", "FW-A", "x" * 64, " a", "a\n"],
    '"none" says that no server is Active; choose another name.': ["none"],
    "git keeps the ending .lock for itself; choose another name.": ["fw.lock", "a.b.lock"],
    "YAML does not read `{}` as text; choose another name.": [
        *["1", "007", "1.5", "0x1f", "0b1", "1e3", "y", "no", "on", "off", "yes", "true", "null"]
    ],
}  # fmt: skip


@pytest.mark.parametrize(("hint", "name"), [(hint, name) for hint, bad in BAD_NAMES.items() for name in bad])
def test_names_that_something_takes_for_something_else_are_refused(hint, name):
    with pytest.raises(InvalidName) as caught:
        names.server_name(name)
    assert caught.value.hint == hint.format(name)


@pytest.mark.parametrize("character", OTHER_CHARACTERS)
def test_one_other_character_anywhere_makes_a_name_bad(character):
    for place in range(5):
        with pytest.raises(InvalidName):
            names.server_name("fw-a"[:place] + character + "fw-a"[place:])


NEARLY_NAMES = st.text(alphabet="ab01-.elockyn", max_size=12) | st.text(max_size=5)


@given(name=NEARLY_NAMES)
@example(name="a.lock")
@example(name="1.5e-1")
@settings(deadline=None, max_examples=300)
def test_every_name_taken_is_one_word_to_yaml_to_git_and_to_the_file_system(name):
    try:
        names.server_name(name)
    except InvalidName:
        return
    tag = str(getattr(yaml.compose(name), "tag", None))
    assert tag.endswith((":str", ":timestamp"))  # dates are text to mha's own reader
    assert pygit2.reference_is_valid_name(f"refs/mha/server/{name}")
    assert os.path.basename(name) == os.path.normpath(name) == name
    assert not name.startswith("-")


URLS = {
    # address: its path, its host, the repository
    "/srv/mha": ("/srv/mha", None, "/srv/mha/mha.git"),
    "/srv/mha/": ("/srv/mha/", None, "/srv/mha/mha.git"),
    "/srv/a-b_c.d,e+f=g@h~i%j": ("/srv/a-b_c.d,e+f=g@h~i%j", None, "/srv/a-b_c.d,e+f=g@h~i%j/mha.git"),
    "ssh://fw-b/srv/mha": ("/srv/mha", "fw-b", "ssh://fw-b/srv/mha/mha.git"),
    "ssh://mha@fw-b.example.org/srv/mha/": ("/srv/mha/", "fw-b.example.org", "ssh://mha@fw-b.example.org/srv/mha/mha.git"),
    "ssh://mha@10.0.0.2:2222/srv/mha": ("/srv/mha", "10.0.0.2", "ssh://mha@10.0.0.2:2222/srv/mha/mha.git"),
    "ssh://mha@[fe80::1]:22/srv/mha": ("/srv/mha", "[fe80::1]", "ssh://mha@[fe80::1]:22/srv/mha/mha.git"),
    "ssh://fw-b:1/srv": ("/srv", "fw-b", "ssh://fw-b:1/srv/mha.git"),
    "ssh://fw-b:65535/srv": ("/srv", "fw-b", "ssh://fw-b:65535/srv/mha.git"),
    "ssh://_mha.x-y@FW-B/srv/mha": ("/srv/mha", "FW-B", "ssh://_mha.x-y@FW-B/srv/mha/mha.git"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "parts"), URLS.items())
def test_an_address_is_an_absolute_path_or_ssh(text, parts):
    found = names.url(text)
    assert (found.path, found.host, found.repository, found.is_ssh) == (*parts, text.startswith("ssh://"))
    assert found.text == text


BAD_URLS = {
    "nothing": ["", " ", "/", "//", "ssh://", "ssh:///srv", "ssh://fw-b", "ssh://fw-b/", "ssh://fw-b:22"],
    "a relative path": ["srv/mha", "./mha", "../mha", "~/mha", "mha"],
    "another scheme": ["http://fw-b/srv", "https://fw-b/srv", "git://fw-b/srv", "file:///srv", "ftp://fw-b/srv", "SSH://fw-b/x"],
    "a command": ["ext::sh -c id", "ext::sh", "fd::17", "ssh::fw-b", "/srv::x", "ssh://fw-b::22/srv", "ssh://fw-b/a::b"],
    "another spelling of ssh": ["fw-b:/srv/mha", "mha@fw-b:srv", "git+ssh://fw-b/srv", "ssh:/fw-b/srv"],
    "an option": ["-oProxyCommand=id", "--upload-pack=id", "ssh://-oProxyCommand=id/srv", "ssh://-l@fw-b/srv", "ssh://mha@-x/srv"],
    "an option in a part": ["/-x", "/srv/-x/mha", "/srv/--upload-pack=id", "ssh://fw-b/-x", "ssh://fw-b.-x/srv", "ssh://fw-b-/srv"],
    "elsewhere": ["/srv/../etc", "/..", "/srv/..", "/.", "/srv/./mha", "ssh://fw-b/../srv", "ssh://fw-b/srv/..", "ssh://a..b/srv"],
    "elsewhere once git has decoded it": ["ssh://fw-b/srv/%2e%2e/x", "ssh://fw-b/%2dx", "ssh://fw-b/srv%0a", "ssh://fw-b/100%"],
    "the folder of an account": ["ssh://fw-b/~/mha", "ssh://fw-b/~mha/x"],
    "a bad port": ["ssh://fw-b:0/srv", "ssh://fw-b:65536/srv", "ssh://fw-b:/srv", "ssh://fw-b:22x/srv", "ssh://fw-b:-1/srv"],
    "a password, two accounts": ["ssh://mha:secret@fw-b/srv", "ssh://a@b@fw-b/srv", "ssh://@fw-b/srv"],
    "a query": ["ssh://fw-b/srv?x", "/srv#x"],
    "letters of others": ["ssh://\u212afw/srv", "ssh://fw\u017f/srv", "ssh://fw-b:\u0662/srv", "/srv/\u00e9"],
}  # fmt: skip


@pytest.mark.parametrize("text", [text for texts in BAD_URLS.values() for text in texts])
def test_what_is_not_plainly_an_address_is_refused(text):
    with pytest.raises(InvalidUrl):
        names.url(text)


@pytest.mark.parametrize("text", [*URLS])
def test_one_strange_character_anywhere_makes_an_address_bad(text):
    for place in range(len(text) + 1):
        for strange in " \t\n\r\0\x1b\x7f\"'`$;&|<>()*?!#{}^\\\u00e9\u2028\u202e\ud800":
            with pytest.raises(InvalidUrl):
                names.url(text[:place] + strange + text[place:])


PIECES = [
    "ssh://",
    "ssh:",
    "ext::",
    "/",
    "//",
    "a",
    "fw-b",
    "-x",
    ".",
    "..",
    "%2e",
    "%",
    "~",
    "@",
    ":",
    "::",
    "22",
    "[::1]",
    " ",
]


@given(text=st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=8).map("".join))
@settings(deadline=None, max_examples=500)
def test_every_address_taken_leads_to_one_plain_place(text):
    try:
        found = names.url(text)
    except InvalidUrl:
        return
    parts = found.path.split("/")
    assert found.path.startswith("/")
    assert not {".", ".."} & set(parts)
    assert not any(part.startswith("-") for part in parts)
    assert text.isascii()
    assert text.isprintable()
    assert " " not in text
    assert "::" not in text.replace(found.host or "", "", 1)
    assert text.partition("://")[0] == "ssh" if found.is_ssh else text == found.path


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("ssh://mha@fw-b.example.org:2222/srv/mha", ["-p", "2222", "mha@fw-b.example.org"]),
        ("ssh://fw-b/srv/a+b=c~d", ["fw-b"]),
        ("ssh://[fe80::1]/srv/mha", ["fe80::1"]),
    ],
)
def test_git_hands_ssh_the_account_the_host_and_the_path_as_they_are_written(text, arguments, tmp_path):
    said = tmp_path / "said"
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {said}\nexit 1\n')
    ssh.chmod(0o755)
    url = names.url(text)

    env = {**os.environ, "GIT_SSH": str(ssh), "GIT_SSH_VARIANT": "ssh", "GIT_PROTOCOL": "version=0"}
    subprocess.run(
        ["git", "-c", "protocol.version=0", "ls-remote", "--", url.repository],
        env=env,
        capture_output=True,
        check=False,
    )

    assert said.read_text().splitlines() == [*arguments, f"git-upload-pack '{url.path}/mha.git'"]
