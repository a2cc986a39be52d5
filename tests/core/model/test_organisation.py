"""Kinds that a store adds, on a history that nobody here wrote: people and teams of an organisation.

Where kubernetes-org.bundle is not among the corpora, only a few files of that form are read.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mha.core import reader
from mha.core.model import custom, kinds, references, spelling, validity
from mha.core.model.kinds import Kind, Kinds
from mha.core.model.references import Sense
from tests import corpora

BUNDLE = corpora.bundle("kubernetes-org")


def kind(path: Path) -> Kind:
    found, problems = custom.read(path.read_bytes(), Kinds({}))
    assert found is not None, problems
    return found


KINDS = kinds.together(kind(path) for path in sorted((corpora.ROOT / "tests" / "kinds").glob("*.json")))


def walked(path: str, data: bytes) -> tuple[str, list[str], list[str]] | None:
    """The organisation, whom a file makes known in it, and whom it names, as mha finds them."""
    if KINDS.of_file(path) is None:
        return None
    found = spelling.spelled(reader.read(data), KINDS, path=path)
    [thing] = found.objects
    assert (found.problems, validity.problems(thing)) == ([], [])
    names = references.names(thing.kind.names, thing.value)
    assert {(target.space, target.scope) for name in names for target in name.mark.targets} <= {("org-members", "org")}
    known = sorted(name.text for name in names if name.mark.sense is Sense.DEFINES)
    return thing.words["org"], known, sorted(name.text for name in names if name.mark.sense is Sense.REFERS)


def loaded(path: str, data: bytes) -> tuple[str, list[str], list[str]] | None:
    """The same in ten lines, which know nothing of schemas."""
    found = re.fullmatch(r"(?:config/)?(?!config/)([^/]+)/(?:.*/)?(?:org|teams)\.yaml", path)
    if found is None:
        return None
    file = yaml.load(data, Loader=yaml.CSafeLoader)

    def people(team: dict[str, Any]) -> Iterator[str]:
        yield from map(str, [*(team.get("members") or []), *(team.get("maintainers") or [])])
        for inner in (team.get("teams") or {}).values():
            yield from people(inner)

    known = [*(file.get("members") or []), *(file.get("admins") or [])]
    return found[1], sorted(map(str, known)), sorted(people({"teams": file.get("teams")}))


FILES = {
    "config/acme/org.yaml": "name: Acme\nadmins: [Jana]\nmembers:\n- lukas\n- 249043822\n- '007'\nteams:\n",
    "config/acme/net/teams.yaml": "teams:\n  net:\n    members: [jana, LUKAS]\n    maintainers:\n    teams:\n"
    "      wifi: {members: [249043822], teams: {guests: {maintainers: [nobody]}}}\n",
    "config/acme/net/lab/teams.yaml": "teams: {lab: {members: [lukas]}}\n",
    "config/acme/net/org.yaml": "teams: {old: {members: [lukas]}}\n",
    "acme/net/org.yaml": "teams: {older: {members: [lukas]}}\n",
    "acme/org.yaml": "admins: [jana]\n",
    "config/restrictions.yaml": "restrictions: []\n",
    ".github/ISSUE_TEMPLATE/general.yml": "name: x\n",
}


@pytest.mark.parametrize("path", FILES)
def test_a_schema_and_ten_lines_find_the_same_people(path):
    data = FILES[path].encode()
    assert walked(path, data) == loaded(path, data)


def test_the_people_of_an_organisation_and_of_its_nested_teams_are_found():
    assert walked("config/acme/org.yaml", FILES["config/acme/org.yaml"].encode()) == (
        "acme",
        ["007", "249043822", "Jana", "lukas"],
        [],
    )
    assert walked("config/acme/net/teams.yaml", FILES["config/acme/net/teams.yaml"].encode()) == (
        "acme",
        [],
        ["249043822", "LUKAS", "jana", "nobody"],
    )


def test_a_file_that_is_one_object_has_one_document():
    [problem] = spelling.spelled(
        reader.read(b"admins: [jana]\n---\nadmins: []\n"), KINDS, path="acme/org.yaml"
    ).problems
    assert (problem.line, problem.message, problem.hint) == (
        3,
        "acme/org.yaml is an organisation, and has a second document.",
        "Keep one document.",
    )


def test_a_name_has_the_line_on_which_it_stands():
    path = "config/acme/net/teams.yaml"
    [thing] = spelling.spelled(reader.read(FILES[path].encode()), KINDS, path=path).objects
    found = {name.text: thing.line_of(name.path) for name in references.names(thing.kind.names, thing.value)}
    assert found == {"jana": 3, "LUKAS": 3, "249043822": 6, "nobody": 6}


@pytest.mark.skipif(BUNDLE is None, reason=corpora.ABSENT)
def test_in_the_files_of_a_long_history_a_schema_and_ten_lines_find_the_same_people(request, tmp_path):
    every = 1 if request.config.getoption("--full") else 25
    files = [file for number, file in enumerate(history(tmp_path)) if number % every == 0]
    people = 0
    for path, data in files:
        found = walked(path, data)
        assert found == loaded(path, data), path
        people += len(found[1]) + len(found[2]) if found else 0
    assert (len(files), people) > (4000 // every, 1_000_000 // every)


def history(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Each content that a file ever had."""
    git = ["git", "-C", str(folder)]
    subprocess.run(["git", "init", "-q", "--bare", folder], check=True)
    subprocess.run([*git, "fetch", "-q", str(BUNDLE), "main:main"], check=True)
    raw = ["log", "--format=", "--raw", "--no-abbrev", "--no-renames", "--root", "--diff-merges=first-parent", "main"]
    listed = subprocess.run([*git, *raw], check=True, capture_output=True, text=True).stdout
    lines = [line.split("\t") for line in listed.splitlines()]
    files = sorted({(path, entry.split()[3]) for entry, path in lines if not entry.split()[3].startswith("0" * 40)})
    for path, oid in files:
        yield path, subprocess.run([*git, "cat-file", "blob", oid], check=True, capture_output=True).stdout
