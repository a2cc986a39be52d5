"""Reports of the checks: findings as a compiler prints them, as JSON and as SARIF."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mha.cli.render import carets
from mha.cli.render.text import Colour, coloured, count, give_json, say
from mha.core.changes import escaped
from mha.core.model.codes import CODES
from mha.core.model.severity import Severity
from mha.errors import ExitCode

if TYPE_CHECKING:
    from mha.operations.validation import Validated
    from mha.operations.verdicts import Remark

_COLOURS = {Severity.ERROR: Colour.BAD, Severity.WARNING: Colour.WARN, Severity.NOTICE: Colour.FAINT}
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTICE: "note"}


def validated(found: Validated, *, everything: bool, json: bool, sarif: bool) -> ExitCode:
    """Print what the checks found; returns whether it could be published."""
    if sarif:
        give_json(_sarif(found.remarks))
    elif json:
        give_json(_plain(found))
    else:
        _text(found, everything=everything)
    return ExitCode.INVALID if found.blocking else ExitCode.DONE


def _text(found: Validated, *, everything: bool) -> None:
    hidden = 0
    for remark in found.remarks:
        if everything or not (remark.finding.waiver or remark.severity is Severity.NOTICE):
            for line in _lines(remark):
                say(line)
        else:
            hidden += 1
    say(_summary(found, hidden))


def _summary(found: Validated, hidden: int) -> str:
    numbers = [(found.how_many(severity), severity) for severity in Severity]
    words = ", ".join(count(number, severity) for number, severity in numbers if number) or "Nothing was found"
    allowed = sum(bool(remark.finding.waiver) for remark in found.remarks)
    more = f", {allowed} allowed by rules" if allowed else ""
    blocked = len(found.blocking)
    ending = f" {count(blocked, 'error')} of the draft would stop a publish." if blocked else ""
    shown = f" `mha validate --all` also shows {hidden}." if hidden else ""
    return f"{words}{more}.{ending}{shown}"


def _lines(remark: Remark) -> list[str]:
    finding = remark.finding
    severity = "allowed" if finding.waiver else remark.severity
    head = remark.line(coloured(severity, _COLOURS[remark.severity]))
    said = [head + ("  (new)" if remark.new and not remark.blocks else "")]
    if remark.source.strip() and not finding.waiver:
        said += [f"    {line}" for line in carets.pointed(remark.source, finding.subject, finding.message)]
    if finding.waiver:
        said.append(f"    Allowed: {escaped(finding.waiver)}")
    elif finding.hint:
        said.append(f"    Hint: {escaped(finding.hint)}")
    return said


def _plain(found: Validated) -> dict[str, Any]:
    return {
        "publishable": not found.blocking,
        "counts": {str(severity): found.how_many(severity) for severity in Severity},
        "findings": [
            {
                "path": remark.finding.path, "line": remark.finding.line, "severity": remark.severity,
                "code": remark.finding.code, "subject": remark.finding.subject, "message": remark.finding.message,
                "hint": remark.finding.hint, "new": remark.new, "allowed": remark.finding.waiver,
            }
            for remark in found.remarks
        ],
    }  # fmt: skip


def _sarif(remarks: Iterable[Remark]) -> dict[str, Any]:
    """The OASIS Static Analysis Results Interchange Format, 2.1.0, as code hosts read it."""
    from mha import __version__

    rules = [
        {
            "id": code.name, "shortDescription": {"text": code.title}, "fullDescription": {"text": code.explanation},
            "defaultConfiguration": {"level": _LEVELS[code.severity]},
        }
        for code in CODES.values()
    ]  # fmt: skip
    results = [_result(remark) for remark in remarks]
    driver = {"name": "mha", "version": __version__, "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }


def _result(remark: Remark) -> dict[str, Any]:
    finding = remark.finding
    place = {"artifactLocation": {"uri": finding.path}, "region": {"startLine": finding.line}}
    result = {
        "ruleId": finding.code, "level": _LEVELS[remark.severity], "message": {"text": finding.sentence},
        "locations": [{"physicalLocation": place}], "baselineState": "new" if remark.new else "unchanged",
    }  # fmt: skip
    if finding.waiver:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.waiver}]
    return result


def explained(name: str) -> None:
    """Print what a code means."""
    from textwrap import fill

    code = CODES[name]
    say(f"{code.name} ({code.severity}): {code.title}.")
    say()
    say(fill(code.explanation, 100))


def codes() -> None:
    """Print all codes."""
    from mha.cli.render.text import columns

    for line in columns([(code.name, code.severity, code.title) for code in CODES.values()]):
        say(line)
