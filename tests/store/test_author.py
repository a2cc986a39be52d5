"""Who acts: the person, also through sudo, whatever stands in their git settings."""

import os
import pwd
import socket
from pathlib import Path

import pytest

from mha.errors import InvalidAuthor, NotUtf8
from mha.store.author import Author, whoami


@pytest.fixture(autouse=True)
def unstated(monkeypatch):
    monkeypatch.delenv("MHA_AUTHOR")


def person(name: str, folder: Path, gecos: str = "") -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", 1234, 1234, gecos, str(folder), "/bin/sh"))


@pytest.mark.parametrize(
    ("text", "author"),
    [
        ("Jana Doe <jana@example.org>", Author("Jana Doe", "jana@example.org")),
        ("  Jana  <jana@x>  ", Author("Jana", "jana@x")),
        ("Jürg Ñandú <j@x.org>", Author("Jürg Ñandú", "j@x.org")),
        ("deploy <ci>", Author("deploy", "ci")),
    ],
)
def test_the_stated_author_comes_first(monkeypatch, hermetic, text, author):
    (hermetic / ".gitconfig").write_text("[user]\nname = Somebody\nemail = else@x.org\n")
    monkeypatch.setenv("MHA_AUTHOR", text)
    assert whoami() == author


@pytest.mark.parametrize(
    "text", ["Jana", "<jana@x.org>", "Jana <>", "Jana <a b>", "Jana <x> more", "a\nb <x@y>", "A <b> <c>"]
)
def test_a_stated_author_of_another_form_is_refused(monkeypatch, text):
    monkeypatch.setenv("MHA_AUTHOR", text)
    with pytest.raises(InvalidAuthor):
        whoami()


@pytest.mark.parametrize("place", [".gitconfig", ".config/git/config"])
def test_the_git_settings_of_the_account_name_the_person(hermetic, place):
    (hermetic / place).parent.mkdir(parents=True, exist_ok=True)
    (hermetic / place).write_text("[user]\n\tname = Jana Doe\n\temail = jana@example.org\n")
    assert whoami() == Author("Jana Doe", "jana@example.org")


def test_the_later_file_wins_as_with_git(hermetic):
    (hermetic / ".config/git").mkdir(parents=True)
    (hermetic / ".config/git/config").write_text("[user]\nname = Old\nemail = jana@example.org\n")
    (hermetic / ".gitconfig").write_text("[user]\nname = New\n")
    assert whoami() == Author("New", "jana@example.org")


def test_without_settings_it_is_the_account_on_this_machine():
    account = pwd.getpwuid(os.getuid())
    expected = account.pw_gecos.partition(",")[0] or account.pw_name
    assert whoami() == Author(expected, f"{account.pw_name}@{socket.gethostname()}")


@pytest.mark.parametrize("text", ["[user\nbroken", "[user]\nname\n", "\x00\xff", ""])
def test_broken_settings_count_as_none(hermetic, text):
    (hermetic / ".gitconfig").write_bytes(text.encode("latin-1"))
    assert whoami().email == f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"


def test_settings_cannot_break_the_form_of_an_author(hermetic):
    (hermetic / ".gitconfig").write_text('[user]\nname = "Eve <x>\\nMha-Active: fw-b"\nemail = "<eve@x.org>"\n')
    assert whoami() == Author("Eve x Mha-Active: fw-b", "eve@x.org")


def test_through_sudo_it_is_the_one_who_called(monkeypatch, hermetic, tmp_path):
    """HOME is root's or the service account's then; the settings are read where the caller lives."""
    (hermetic / ".gitconfig").write_text("[user]\nname = root\nemail = root@x.org\n")
    (tmp_path / ".gitconfig").write_text("[user]\nname = Jana Doe\nemail = jana@example.org\n")
    monkeypatch.setenv("SUDO_USER", "jana")
    accounts = {"jana": person("jana", tmp_path)}
    monkeypatch.setattr(pwd, "getpwnam", accounts.__getitem__)
    assert whoami() == Author("Jana Doe", "jana@example.org")


def test_through_sudo_without_settings_it_is_the_callers_account(monkeypatch, tmp_path):
    monkeypatch.setenv("SUDO_USER", "jana")
    accounts = {"jana": person("jana", tmp_path / "gone", "Jana Doe,Room 7,,")}
    monkeypatch.setattr(pwd, "getpwnam", accounts.__getitem__)
    assert whoami() == Author("Jana Doe", f"jana@{socket.gethostname()}")


def test_an_unknown_caller_of_sudo_is_the_account_itself(monkeypatch, tmp_path):
    monkeypatch.setenv("SUDO_USER", "nobody-knows-them")
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: person("mha", tmp_path))
    assert whoami() == Author("mha", f"mha@{socket.gethostname()}")


def test_an_account_without_a_name_still_has_an_author(monkeypatch):
    def unknown(uid: int) -> pwd.struct_passwd:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert whoami() == Author(str(os.getuid()), f"{os.getuid()}@{socket.gethostname()}")


def test_an_author_in_another_encoding_is_refused(monkeypatch):
    monkeypatch.setenv("MHA_AUTHOR", os.fsdecode(b"Ren\xe9 <rene@example.org>"))
    with pytest.raises(NotUtf8, match=r"MHA_AUTHOR is not UTF-8\."):
        whoami()


def test_the_settings_of_the_home_are_used_as_git_does_but_not_over_those_of_whoever_called_sudo(hermetic, monkeypatch):
    local = hermetic / "config"
    local.write_text("[user]\n\tname = Local\n\temail = local@example.org\n")
    (hermetic / ".gitconfig").write_text("[user]\n\tname = Own\n")
    assert whoami(local) == Author("Local", "local@example.org")
    monkeypatch.setenv("SUDO_USER", "jana")
    monkeypatch.setattr(pwd, "getpwnam", {"jana": person("jana", hermetic)}.__getitem__)
    assert whoami(local) == Author("Own", "local@example.org")
