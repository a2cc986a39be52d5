"""Validity: what is wrong with an object by itself, apart from what its names refer to.

Rule: a valid object costs one call of the validator; words and lines are looked for only when something is wrong.
"""

from itertools import islice

from mha.core.model import values, wording
from mha.core.model.problems import Problem
from mha.core.model.spelling import Object

MAX_PROBLEMS = 20  # of an object


def problems(subject: Object) -> list[Problem]:
    """What is wrong with an object, each with its line."""
    kind = subject.kind
    if kind.validator.is_valid(subject.value):
        return _backwards(subject) if kind.ascending else []
    found = (said for error in kind.validator.iter_errors(subject.value) for said in wording.said(error, kind.schema))
    return [_problem(subject, said) for said in islice(found, MAX_PROBLEMS)]


def _backwards(subject: Object) -> list[Problem]:
    assert subject.kind.ascending is not None
    first, last = subject.kind.ascending
    start, end = subject.value.get(first), subject.value.get(last)
    complaint = values.backwards(start, end) if isinstance(start, str) and isinstance(end, str) else None
    if complaint is None:
        return []
    message = f"The range from `{start}` to `{end}` {complaint[0]}."
    return [Problem(subject.line_of((first,)), "invalid-value", message, complaint[1])]


def _problem(subject: Object, said: wording.Said) -> Problem:
    return Problem(subject.line_of(said.path), said.code, said.message, said.hint)
