"""Carets: where in its line a finding points.

Rule: a finding knows its line alone. The place in it is found by what it says: the object or the rule that it is about,
then the field and the value that it quotes. Where none of them stands in the line, it is the first character.
"""

import re
from collections.abc import Iterator

from mha.core.changes import escaped

WIDTH = 160  # of what is shown of a line
_LONGEST = 4 * WIDTH  # a place behind it is not looked for: a file may be one line, with thousands of findings

_QUOTED = re.compile(
    r"`(?P<value>[^`]+)`(?: in `(?P<field>[^`]+)`)?"
    r"|named (?P<name>[^ ]+)\.|^(?P<text>[^ ]+) is a |^(?P<other>[^ ]+) could mean"
)
_TWIN = re.compile(r"The key (?P<key>.+) is a duplicate: ")
_LACKS = " needs `"  # what is quoted behind it is what is not there
_SUBJECT = re.compile(r"rule (?P<rule>.+) of [^ ]+ [^ ]+|[^ ]+ (?P<name>.+)")
_BEFORE = re.compile(r"(?<![\w.@+/:-])")  # a name or a value as a whole
_BEHIND = re.compile(r"(?![\w.@+/-]|:[^\s,\]}])")
_COLON = re.compile(r"[\"'] *:| *:(?=[\s,\]}]|$)")
_FLOW = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|[][{},]")

Stretch = tuple[int, int]  # where something begins, and where it ends


def pointed(source: str, subject: str, message: str) -> list[str]:
    """A line of a file, and the line below it with the caret."""
    line = escaped(source[:_LONGEST].replace("\t", " "))
    at = _column(line, subject, message)
    if at >= WIDTH:
        line, at = f"…{line[at - WIDTH // 2 :]}", WIDTH // 2 + 1
    return [line[:WIDTH], f"{' ' * at}^"]


def _column(line: str, subject: str, message: str) -> int:
    if twin := _TWIN.match(message):
        return _of_twin(line, twin["key"])
    about, inside = _of_subject(line, subject)
    for word, field in () if _LACKS in message else _quoted(message):
        at = _of_word(line, word, field, inside)
        if at is not None:
            return at
    return _indentation(line) if about is None else about


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" -"))


def _of_twin(line: str, key: str) -> int:
    """Where a key stands that stood before, perhaps in the same line."""
    first = _find(line, key, (0, len(line)), _COLON)
    second = _find(line, key, (first[1], len(line)), _COLON) if first else None
    return (second or first or (_indentation(line), 0))[0]


def _quoted(message: str) -> Iterator[tuple[str, str | None]]:
    """What a message quotes, each with the field that has it; in the file a value may be written in another way."""
    for match in _QUOTED.finditer(message):
        field = match["field"]
        yield next(filter(None, (match["value"], match["name"], match["text"], match["other"]))), field
        if field:
            yield field, None


def _of_subject(line: str, subject: str) -> tuple[int | None, Stretch]:
    """Where the name of the object or the rule stands, if it does, and which part of the line is about it."""
    whole = 0, len(line)
    match = _SUBJECT.fullmatch(subject)
    name = (match["rule"] or match["name"]) if match else ""
    if key := name and _find(line, name, whole, _COLON):
        return key[0], (key[1], _end(line, key[1]))
    if value := name and _find(line, name, whole, _BEHIND):
        return value[0], (value[1], len(line))
    return None, whole


def _end(line: str, start: int) -> int:
    """Where a value ends that may be one of several in brackets."""
    depth = 0
    for match in _FLOW.finditer(line, start):
        depth += (match[0] in "[{") - (match[0] in "]}")
        if depth < 0 or (depth == 0 and match[0] == ","):
            return match.start()
    return len(line)


def _of_word(line: str, word: str, field: str | None, inside: Stretch) -> int | None:
    """Where a word stands: rather in its field and its object than elsewhere, and rather as a whole than as a part."""
    start, end = inside
    key = _find(line, field, inside, _COLON) if field else None
    for stretch in ((key[1] if key else start, end), inside, (0, len(line))):
        if found := _find(line, word, stretch, _BEHIND):
            return found[0]
        if (at := line.find(word, *stretch)) >= 0:
            return at
    return None


def _find(line: str, word: str, within: Stretch, ending: re.Pattern[str]) -> Stretch | None:
    """Where a word as a whole begins and ends."""
    at = line.find(word, *within)
    while at >= 0:
        end = at + len(word)
        if _BEFORE.match(line, at) and ending.match(line, end):
            return at, end
        at = line.find(word, at + 1, within[1])
    return None
