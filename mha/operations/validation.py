"""Validating: what the checks say about the draft, and whether it could be published."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import NamedTuple

from mha.core.changes import escaped
from mha.core.model import findings
from mha.core.model.checks import links
from mha.core.model.findings import Finding
from mha.core.model.severity import Severity
from mha.errors import InvalidModel
from mha.operations import objects, verdicts
from mha.operations import tip as tips
from mha.operations.model import Judged, Model, Texts
from mha.operations.tip import Tip
from mha.operations.verdicts import Remark, Verdict
from mha.store import draft, lock, trees
from mha.store.home import Home

Known = Mapping[tuple[str, str, str], int]  # how often there is a finding, by its identity


class Validated(NamedTuple):
    """What the checks say about a draft, or about the published revision where there is none."""

    remarks: tuple[Remark, ...]  # in the order of the files

    @property
    def blocking(self) -> list[Remark]:
        """Why a publish would be refused."""
        return [remark for remark in self.remarks if remark.blocks]

    def how_many(self, severity: Severity) -> int:
        """How many there are that no rule allows."""
        return sum(remark.severity is severity and not remark.finding.waiver for remark in self.remarks)


def validate(home: Home) -> Validated:
    """Check the draft, or what is published where this server has none."""
    here = tips.tip(home)
    tree = draft.of(home)
    texts = {} if tree is None else verdicts.texts(tree, tree.edits(here.id))
    return Model(here).answer(
        texts, lambda judged: Validated(tuple(remarks(here, judged, texts, findings.in_order(judged.book.all_found()))))
    )


def is_learnt(home: Home) -> bool:
    """Whether what the checks know is kept, so that judging a draft takes as long as its changes need."""
    return Model(tips.tip(home)).is_kept


def learn(home: Home) -> None:
    """Keep what the checks know of the head, for whoever publishes here next; raises HomeBusy."""
    here = tips.tip(home)
    model = Model(here)
    with model.judging({}, lambda judged: judged) as (judged, _), lock.held(home.git_dir):
        if not model.is_kept:
            model.keep(judged, here.tree)


def remarks(
    here: Tip, judged: Judged, texts: Texts, found: Iterable[Finding], known: Known = MappingProxyType({})
) -> Iterable[Remark]:
    """Findings as they are shown: which of them are new, and the lines that they are about.

    `known` are those that another side of a collision has already.
    """
    new = Counter(finding.identity for finding in judged.added) - Counter(known)
    sources = _Sources(here, texts)
    gone = [definition for old, _ in judged.changed.values() for definition in old.definitions]
    for each in found:
        new[each.identity] -= 1
        is_new = new[each.identity] >= 0
        dangles = is_new and each.code == "dangling"
        shown = links.meant(judged.book, each, judged.facts_of(each.path).references, gone) if dangles else each
        severity = judged.severity(each.code) if is_new else findings.severity(each.code, judged.rules.said.severity)
        quiet = each.code == "secret" or severity is Severity.NOTICE  # a secret is not shown again; notices are many
        yield Remark(shown, severity, is_new, "" if quiet else sources.line(each.path, each.line))


def added(here: Tip, texts: Texts) -> Known:
    """What files that differ from the head would add to its findings, and how often."""
    return Model(here).answer(texts, lambda judged: Counter(finding.identity for finding in judged.added))


@contextmanager
def judged(
    here: Tip, texts: Texts, accepted: Mapping[str, str], known: Known = MappingProxyType({})
) -> Iterator[Verdict]:
    """Judge a draft; raises InvalidModel where it adds errors whose codes are not `accepted` with a reason.

    `known` are findings that are not new, although the head has them not.
    """
    model = Model(here)
    with model.judging(texts, lambda found: _verdict(here, found, texts, known)) as (found, verdict):
        against = [remark for remark in verdict.remarks if remark.blocks and remark.finding.code not in accepted]
        if against:
            lines = [(remark.line(), escaped(remark.finding.hint)) for remark in against]
            raise InvalidModel(lines, against[0].finding.code)
        yield verdict._replace(keep=lambda tree: model.keep(found, tree))


def _verdict(here: Tip, found: Judged, texts: Texts, known: Known) -> Verdict:
    every = remarks(here, found, texts, findings.in_order(found.added), known)
    added = tuple(remark for remark in every if remark.new)
    said = found.rules.said.severity
    errors = (n for code, n in found.book.counts().items() if findings.severity(code, said) is Severity.ERROR)
    return Verdict(added, sum(errors), objects.of_judged(found))


class _Sources:
    """The lines of files, read once each."""

    def __init__(self, here: Tip, texts: Texts) -> None:
        self._here = here
        self._texts = texts
        self._lines: dict[str, list[str]] = {}

    def line(self, path: str, number: int) -> str:
        if path not in self._lines:
            self._lines[path] = self._read(path).decode("utf-8", "backslashreplace").split("\n")
        lines = self._lines[path]
        return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""

    def _read(self, path: str) -> bytes:
        if path in self._texts:
            return self._texts[path] or b""
        repository = self._here.home.repository
        blob = trees.find(repository, self._here.tree, path)
        return b"" if blob is None else trees.read(repository, blob)
