"""Histories that nobody here wrote: what is refused of them is what is really wrong with them, and nothing else."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import pygit2
import pytest
import yaml

from mha.core.cluster import Model
from mha.core.model import assessment
from mha.core.model.checks.dates import Days
from mha.core.model.facts import Facts
from mha.core.model.findings import Finding, added
from mha.core.model.memory import Memory
from mha.operations import setup, validation
from mha.operations.model import Rules, rules
from mha.store.home import open_home
from tests import corpora
from tests.cluster import JANA

DAYS = Days("2026-11-30", "2026-12-30")
KINDS = {f"kinds/{path.name}": path.read_bytes() for path in sorted((corpora.ROOT / "tests" / "kinds").glob("*.json"))}
LAST = 60  # revisions that the short profile replays
EVERY = 20  # as often, somebody who is in a team is first taken out of the organisation
NOTHING = Facts()

Files = Mapping[str, bytes]


@pytest.fixture
def history(tmp_path: Path, request: pytest.FixtureRequest) -> pygit2.Repository:
    bundle = corpora.bundle(request.param)
    if bundle is None:
        pytest.skip(corpora.ABSENT)
    subprocess.run(["git", "clone", "-q", "--bare", str(bundle), str(tmp_path / "history")], check=True)
    return pygit2.Repository(str(tmp_path / "history"))


class Replay:
    """A store without servers: what was published, and what is known of it."""

    def __init__(self, by: Rules) -> None:
        self._by = by
        self._book = Memory()
        self._published: Files = {}
        self._known: dict[tuple[str, bytes], Facts] = {}

    def publish(self, files: Files) -> list[Finding]:
        """What stands against publishing these files; nothing, once they are published."""
        paths = [path for path in files.keys() | self._published.keys() if files.get(path) != self._published.get(path)]
        old = {path: self._facts(path, self._published.get(path)) for path in paths}
        new = {path: self._facts(path, files.get(path)) for path in paths}
        found = self._advance(old, new, files)
        if found:
            self._advance(new, old, self._published)
        else:
            self._published = files
        return found

    def _advance(self, old: Mapping[str, Facts], new: Mapping[str, Facts], files: Files) -> list[Finding]:
        changes = {path: (old[path], new[path]) for path in sorted(old)}
        found = assessment.advance(self._book, changes, lambda path: self._facts(path, files.get(path)), DAYS)
        before, after = (list(chain.from_iterable(side.values())) for side in found)
        return [finding for finding in added(before, after) if finding.code != "unused"]

    def _facts(self, path: str, data: bytes | None) -> Facts:
        if data is None:
            return NOTHING
        if (path, data) not in self._known:
            self._known[path, data] = self._by.facts(path, data)
        return self._known[path, data]


class Reader:
    """In ten lines that know nothing of schemas: is somebody in a team, and not in the organisation?"""

    def __init__(self) -> None:
        self._known: dict[bytes, object] = {}

    def strangers(self, files: Files) -> set[str]:
        """The members of teams whom their organisation does not have, without regard to case."""
        people, teams = {}, []
        for path, data in files.items():
            if found := re.fullmatch(r"(?:config/)?(?!config/)([^/]+)/(.*/)?(?:org|teams)\.yaml", path):
                file = self._read(data)
                if not found[2]:
                    people[found[1]] = {
                        str(who).lower() for key in ("members", "admins") for who in file.get(key) or []
                    }
                teams.append((found[1], file.get("teams")))
        return {who for org, team in teams for who in members(team) - people.get(org, set())}

    def _read(self, data: bytes):
        if data not in self._known:
            self._known[data] = yaml.load(data, Loader=yaml.CSafeLoader)
        return self._known[data]


def members(teams) -> set[str]:
    found = set()
    for team in (teams or {}).values():
        found |= {str(who).lower() for key in ("members", "maintainers") for who in team.get(key) or []}
        found |= members(team.get("teams"))
    return found


def revisions(history: pygit2.Repository) -> list[pygit2.Commit]:
    order = pygit2.enums.SortMode.TOPOLOGICAL | pygit2.enums.SortMode.REVERSE
    return list(history.walk(history.revparse_single("main").id, order))


def files(tree: pygit2.Tree, above: str = "") -> Iterator[tuple[str, bytes]]:
    """The YAML files of a tree, by path."""
    for entry in tree:
        if isinstance(entry, pygit2.Tree):
            yield from files(entry, f"{above}{entry.name}/")
        elif str(entry.name).endswith((".yaml", ".yml")) and isinstance(entry, pygit2.Blob):
            yield f"{above}{entry.name}", entry.data


def without_somebody(whole: Files) -> tuple[Files, str]:
    """The files with one person, who is in a team, taken out of an organisation; and who that is."""
    path = next(path for path in sorted(whole) if re.fullmatch(r"(?:config/)?kubernetes/org\.yaml", path))
    inner = [yaml.load(data, Loader=yaml.CSafeLoader) for name, data in whole.items() if name.startswith(path[:-8])]
    busy = {who for file in inner for who in members(file.get("teams"))}
    for line in re.findall(rb"^- \S+\n", whole[path], re.MULTILINE):
        who = line[2:-1].decode().lower()
        if who in busy and whole[path].lower().count(line.lower()) == 1:
            return {**whole, path: whole[path].replace(line, b"")}, who
    raise AssertionError(path)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("history", ["kubernetes-org"], indirect=True)
def test_exactly_the_revisions_with_a_dangling_member_are_refused(history, request):
    full = request.config.getoption("--full")
    replay, reader, refused, expected, broken = Replay(rules(Model(), KINDS)), Reader(), [], [], 0
    for number, revision in enumerate(revisions(history)[0 if full else -LAST :]):
        whole = dict(files(revision.tree))
        if number % EVERY == EVERY - 1:
            damaged, who = without_somebody(whole)
            found = replay.publish(damaged)
            assert reader.strangers(damaged) == {who}
            assert {finding.code for finding in found} == {"dangling"}
            assert all(f" {who}." in finding.message.lower() for finding in found)
            broken += 1
        if replay.publish(whole):
            refused.append(number)
        if reader.strangers(whole):
            expected.append(number)

    assert refused == expected
    assert broken == (2815 if full else LAST) // EVERY


REFUSED = {  # and why: one file is encrypted, four are templates, and the key of GitHub's workflows is true to YAML 1.1
    "The file is not UTF-8.": 1,
    "A key is neither text nor a whole number.": 4,
    "`on` is true to some YAML readers and text to others.": 23,
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("history", ["cloud-platform-environments"], indirect=True)
def test_a_large_history_is_adopted_as_opaque_files_and_each_that_is_refused_is_named(history, tmp_path):
    setup.init(tmp_path / "fw-a", name="fw-a", source=history.path, author=JANA)

    found = validation.validate(open_home(tmp_path / "fw-a")).remarks

    assert Counter(remark.finding.message for remark in found) == REFUSED
    assert all(remark.finding.line > 0 and remark.finding.code == "unreadable" and not remark.new for remark in found)
