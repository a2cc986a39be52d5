"""The checks as `docs/checks.md` explains them, made from the codes themselves."""

from textwrap import fill

from mha.core.model.codes import CODES

_HEAD = """\
# Checks

Made from the program by `pytest --rewrite tests/test_docs.py`; not edited by hand. `mha explain CODE` prints the same.

`mha validate` lists what the checks find in the draft, and `mha publish` refuses a draft that would add an error. What
was published before, as in a history that was adopted, stands until somebody corrects it. An error may be published all
the same: `mha publish --accept CODE --reason WHY` records who did so and why in the revision.

A rule may allow what is found about it, with the reason: `allow: {any-any-accept: Only until the move, NET-1544}`. In
`mha.yaml`, `model.severity` makes a code graver or lighter for all: `severity: {unused: warning}`.
"""


def reference() -> str:
    """The text of docs/checks.md."""
    rows = [f"| [`{code.name}`](#{code.name}) | {code.severity} | {code.title} |" for code in CODES.values()]
    table = ["| Code | Severity | What is found |", "|---|---|---|", *rows, ""]
    sections = [f"## {code.name}\n\n{code.title}.\n\n{fill(code.explanation, 120)}\n" for code in CODES.values()]
    return "\n".join([_HEAD, *table, *sections])
