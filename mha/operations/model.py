"""The model of the head and of a draft: judged by what changed, on top of what is known of the head.

Rule 1: what is kept between commands is only a cache, in `mha.git/mha/model`. It counts for the same rules (this mha,
the patterns in mha.yaml, the schemas in kinds/); where it does not, or is damaged, everything is worked out anew.
Rule 2: nothing is judged here; `core/model` does.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from mha import __version__
from mha.core import cluster
from mha.core.changes import escaped, is_yaml
from mha.core.model import assessment, custom, facts, kinds, memory, patterns
from mha.core.model.assessment import Advanced, FactsOf
from mha.core.model.checks.dates import Days
from mha.core.model.facts import Facts
from mha.core.model.findings import Finding, added, severity
from mha.core.model.kinds import Kinds
from mha.core.model.ledger import Ledger
from mha.core.model.memory import Memory
from mha.core.model.severity import Severity
from mha.errors import InvalidClusterFile, NewerFormat
from mha.operations.tip import Tip
from mha.operations.verdicts import KINDS
from mha.store import clock, kind_files, table, trees
from mha.store.home import Home
from mha.store.pages import Damaged
from mha.store.table import StoredTable
from mha.store.trees import Blob, Delta

Texts = Mapping[str, bytes | None]  # changed files by path; None: deleted
_SOON_DAYS = 30
_NOTHING = Facts()
_GRAVEST = list(Severity).index
T = TypeVar("T")


@dataclass(frozen=True)
class Rules:
    """How files are read: which of them hold objects, and of which kinds."""

    said: cluster.Model  # by mha.yaml
    kinds: Kinds
    findings: Mapping[str, tuple[Finding, ...]]  # about the store's own schemas, by path
    digest: str  # of all that they come from

    def holds_objects(self, path: str) -> bool:
        """Whether a file is interpreted."""
        return patterns.matches(self.said.interpret, path) or self.kinds.of_file(path) is not None

    def facts(self, path: str, data: bytes | None) -> Facts:
        """The facts of a file; none where it is not there, or no YAML."""
        if path.startswith(KINDS):
            return Facts(findings=self.findings.get(path, ()))
        if data is None or not is_yaml(path):
            return _NOTHING
        if path == cluster.FILE:
            return Facts(findings=tuple(_of_cluster_file(data)))
        if self.holds_objects(path):
            return facts.of_file(path, data, self.kinds)
        return facts.of_opaque(path, data)


@dataclass(frozen=True)
class Judged:
    """What the checks say about a draft on top of the head."""

    rules: Rules
    book: Ledger | Memory  # as it is with the draft
    advanced: Advanced
    files: Mapping[str, Facts]  # all of them, where everything was worked out anew; else those of the draft
    changed: Mapping[str, tuple[Facts, Facts]]  # of the draft, by path: the old facts and the new ones
    facts_of: FactsOf  # with the draft
    published: cluster.Model  # what the head's mha.yaml says

    def severity(self, code: str) -> Severity:
        """How grave a finding of the draft is: no draft makes its own mistakes lighter."""
        return min(severity(code, self.rules.said.severity), severity(code, self.published.severity), key=_GRAVEST)

    def unread(self) -> list[str]:
        """The files whose objects, or some of them, are not understood: what they refer to is not known."""
        codes = {"unreadable", "misspelt", "invalid-field"}
        if not codes & self.book.counts().keys():
            return []
        found = {finding.path for finding in self.book.all_found() if finding.code in codes}
        return sorted(path for path in found if self.rules.holds_objects(path))

    @cached_property
    def added(self) -> list[Finding]:
        """What the draft would add to the findings of the head."""
        return added(_all(self.advanced.before), _all(self.advanced.after))


class Model:
    """The model of a head."""

    def __init__(self, here: Tip) -> None:
        self._here = here
        self._repository = here.home.repository
        self.days = Days(clock.day(), clock.day(later=_SOON_DAYS))
        self._schemas = dict(self._own_schemas())
        self.rules = rules(here.cluster.model, self._schemas)

    @contextmanager
    def judging(self, texts: Texts, ask: Callable[[Judged], T]) -> Iterator[tuple[Judged, T]]:
        """Judge a draft (the files in which it differs from the head), and ask something about it.

        Where what was kept turns out to be damaged, everything is judged anew, and asked again.
        """
        with ExitStack() as opened:
            try:
                judged = self._judge(texts, self._kept(opened))
                answer = ask(judged)
            except Damaged:
                judged = self._judge(texts, None)
                answer = ask(judged)
            yield judged, answer

    def answer(self, texts: Texts, ask: Callable[[Judged], T]) -> T:
        """What is asked about a draft."""
        with self.judging(texts, ask) as (_, answer):
            return answer

    def facts_of_delta(self, path: str, delta: Delta) -> tuple[Facts, Facts]:
        """What a file said before a change, and after it."""
        return self._facts(path, delta.old, self.rules), self._facts(path, delta.new, self.rules)

    def _judge(self, texts: Texts, kept: Ledger | None) -> Judged:
        following = self._rules_with(texts)
        if following.digest != self.rules.digest:
            return self._by_other_rules(texts, following)
        if kept is not None:
            return self._advanced(kept, texts, {}, following)
        files = self._files(self.rules)
        return self._advanced(memory.judged(files, self.days), texts, files, following)

    def keep(self, judged: Judged, tree: str) -> None:
        """Keep what is known for the next command; `tree` is what the draft became. Needs the home's lock."""
        book = judged.book
        if isinstance(book, Memory):
            book = _ledger(book, judged.files)
        table.write(_path(self._here.home), book.table, _label(judged.rules.digest, tree, self.days))

    @property
    def is_kept(self) -> bool:
        """Whether an earlier command kept what this one can go on from."""
        with ExitStack() as opened:
            return self._stored(opened) is not None

    def _stored(self, opened: ExitStack) -> tuple[StoredTable, str, Days] | None:
        """What an earlier command kept, and for which tree and day; None where nothing fits."""
        stored = table.open_any(_path(self._here.home))
        if stored is None:
            return None
        opened.callback(stored.close)
        label = _read(stored.label)
        if label is None or label[0] != self.rules.digest or not self._repository.has(label[1]):
            return None
        return stored, label[1], label[2]

    def _kept(self, opened: ExitStack) -> Ledger | None:
        """What an earlier command kept, brought to this head and this day."""
        found = self._stored(opened)
        if found is None:
            return None
        stored, tree, days = found
        ledger = Ledger(stored)
        if days != self.days:
            assessment.renew(ledger, self._published, days, self.days)
        deltas = trees.deltas(self._repository, tree, self._here.tree) if tree != self._here.tree else []
        paths = {delta.path.decode(): delta for delta in deltas}
        changes = {path: self.facts_of_delta(path, delta) for path, delta in paths.items()}
        assessment.advance(ledger, changes, self._published, self.days)
        return ledger

    def _advanced(self, book: Ledger | Memory, texts: Texts, files: dict[str, Facts], following: Rules) -> Judged:
        changed = {path: (self._published(path), self.rules.facts(path, data)) for path, data in texts.items()}
        now = files | {path: new for path, (_, new) in changed.items()}

        def facts_of(path: str) -> Facts:
            return now[path] if path in now else self._published(path)

        advanced = assessment.advance(book, changed, facts_of, self.days)
        return Judged(following, book, advanced, now, changed, facts_of, self.rules.said)

    def _by_other_rules(self, texts: Texts, following: Rules) -> Judged:
        before = memory.judged(self._files(self.rules), self.days)
        files = {path: found for path, found in self._files(following).items() if path not in texts}
        files |= {path: following.facts(path, data) for path, data in texts.items()}
        files = dict(sorted(files.items()))
        after = memory.judged(files, self.days)
        changed = {path: (self._published(path), files[path]) for path in texts}
        both = Advanced(before.judgements, after.judgements)
        return Judged(following, after, both, files, changed, files.__getitem__, self.rules.said)

    def _rules_with(self, texts: Texts) -> Rules:
        """How files are read once a draft is published; as now, where its mha.yaml cannot be read."""
        schemas = self._schemas | {path: data for path, data in texts.items() if path.startswith(KINDS)}
        said = self.rules.said
        if changed := texts.get(cluster.FILE):
            from mha.core import cluster_reader

            with suppress(InvalidClusterFile, NewerFormat):  # the facts of the file say it
                said = cluster_reader.parse(changed).model
        if schemas == self._schemas and said == self.rules.said:
            return self.rules
        return rules(said, {path: data for path, data in schemas.items() if data is not None})

    def _own_schemas(self) -> Iterator[tuple[str, bytes]]:
        for path, blob in trees.files_below(self._repository, self._here.tree, KINDS.rstrip("/")):
            yield path, trees.read(self._repository, blob)

    def _files(self, known: Rules) -> dict[str, Facts]:
        return {path: self._facts(path, blob, known) for path, blob in trees.files(self._repository, self._here.tree)}

    def _published(self, path: str) -> Facts:
        return self._facts(path, trees.find(self._repository, self._here.tree, path), self.rules)

    def _facts(self, path: str, blob: Blob | None, known: Rules) -> Facts:
        if blob is None or not (is_yaml(path) or path.startswith(KINDS)):
            return _NOTHING
        return known.facts(path, trees.read(self._repository, blob))


def rules(said: cluster.Model, schemas: Mapping[str, bytes]) -> Rules:
    """How files are read: by the patterns of mha.yaml, mha's own kinds, and the store's own schemas by path."""
    known = kind_files.built_in()
    found: dict[str, tuple[Finding, ...]] = {}
    for path, data in sorted(schemas.items()):
        kind, problems = custom.read(data, known)
        found[path] = tuple(Finding(p.code, path, p.line, "", p.message, p.hint) for p in problems)
        if kind is not None:
            known = kinds.together([*known.by_name.values(), kind])
    parts = [
        __version__,
        *said.interpret,
        *(f"{path} {sha256(data).hexdigest()}" for path, data in sorted(schemas.items())),
    ]
    return Rules(said, known, found, sha256("\0".join(parts).encode()).hexdigest())


def _of_cluster_file(data: bytes) -> Iterator[Finding]:
    from mha.core import cluster_reader

    try:
        for line, key in cluster_reader.parse(data).unknown:
            message = f"`{escaped(key)}` is not a known key, or no code of a check."
            yield Finding("invalid-field", cluster.FILE, line, "", message, "`mha explain` lists the codes.")
    except InvalidClusterFile as error:
        yield Finding("unreadable", cluster.FILE, error.line, "", error.problem, error.hint)
    except NewerFormat as error:
        yield Finding("unreadable", cluster.FILE, 1, "", error.message, error.hint)


def shipped_rules() -> Rules:
    """How files are read where there is no store: mha's own kinds."""
    return rules(cluster.Model(), {})


def _ledger(book: Memory, files: Mapping[str, Facts]) -> Ledger:
    ledger = Ledger()
    for path, found in files.items():
        ledger.change(path, _NOTHING, found)
    ledger.record(book.judgements)
    return ledger


def _all(judgements: assessment.Judgements) -> list[Finding]:
    return [finding for found in judgements.values() for finding in found]


def _path(home: Home) -> Path:
    return home.state / "model"


def _label(digest: str, tree: str, days: Days) -> bytes:
    return json.dumps([digest, tree, *days]).encode()


def _read(label: bytes) -> tuple[str, str, Days] | None:
    try:
        digest, tree, today, soon = map(str, json.loads(label))
    except (ValueError, TypeError):
        return None
    return digest, tree, Days(today, soon)
