"""YAML as people write it: the same trees in block style and in brackets, in every quote, with comments everywhere.

The writer knows nothing of how mha reads or edits, and writes things that the reader refuses, too.
"""

import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import strategies as st

Tree = Any

WORDS = [
    "web-01", "a b", "no", "10", "1.5", "true", "", "it's", 'say "x"', "a: b", "a #b", "x, z", "ä 日本", "C:\\d", "-",
    "[e", "one\ntwo\n", "one\n\n two", "  indented\n",
]  # fmt: skip
KEYS = ["a", "b", "cc", "web-01", "d e", "no", "7", "k:1", "it's", "ü", 12]
TREES = st.recursive(
    st.sampled_from([*WORDS, 10, -3, 1.5, True, None]),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.sampled_from(KEYS), below, max_size=4),
    max_leaves=12,
)
_PLAIN = re.compile(r"[A-Za-z0-9ä日本][A-Za-z0-9ä日本 .-]*(?:[:#,][A-Za-z0-9]+)*")
_NOT_TEXT = {"no", "10", "1.5", "true", "7"}


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A file of one to three documents."""
    documents = draw(st.lists(TREES, min_size=1, max_size=3))
    return Writer(Random(draw(st.integers(0, 2**32)))).file(documents)


def is_block(tree: Tree) -> bool:
    return isinstance(tree, dict | list) and len(tree) > 0


@dataclass
class Writer:
    random: Random
    comments: int = 0
    anchors: list[tuple[str, Tree]] = field(default_factory=list)  # of this document

    def maybe(self, chance: float) -> bool:
        return self.random.random() < chance

    def file(self, documents: list[Tree]) -> str:
        lines = self.between(0) if self.maybe(0.4) else []
        for index, document in enumerate(documents):
            self.anchors.clear()
            if index or self.maybe(0.3):
                lines.append("---" + self.behind())
            lines += [*self.between(0), *self.top(document), *self.between(0)]
            if self.maybe(0.1):
                lines.append("...")
        text = "\n".join(lines) + ("" if self.maybe(0.1) else "\n")
        return text.replace("\n", "\r\n") if self.maybe(0.3) else text

    def top(self, tree: Tree) -> list[str]:
        if is_block(tree) and self.maybe(0.8):
            return self.block(tree, 2 if self.maybe(0.1) else 0)
        return self.flow(tree, 0).split("\n")

    def comment(self) -> str:
        self.comments += 1
        return f"# c{self.comments}" + self.random.choice(["", "?", ": x", ", x", " - x", " [", " 'q"])

    def behind(self) -> str:
        return " " * self.random.randint(1, 4) + self.comment() if self.maybe(0.15) else ""

    def between(self, column: int) -> list[str]:
        """Blank lines and comment lines."""
        lines: list[str] = []
        while self.maybe(0.25):
            spaces = column if self.maybe(0.8) else self.random.randint(0, column + 4)
            lines.append(" " * spaces + self.comment() if self.maybe(0.6) else "")
        return lines

    def block(self, tree: Tree, column: int) -> list[str]:
        lines: list[str] = []
        for key, value in tree.items() if isinstance(tree, dict) else ((None, item) for item in tree):
            lines += self.between(column) if lines else []
            lines += self.item(value, column) if key is None else self.entry(key, value, column)
        return lines

    def entry(self, key: Tree, value: Tree, column: int) -> list[str]:
        pad, name = " " * column, self.scalar(key)
        head = f"{pad}? {name}\n{pad}" if self.maybe(0.05) else pad + name
        head += " :" if self.maybe(0.05) else ":"
        deeper = column + (0 if isinstance(value, list) and self.maybe(0.3) else self.random.randint(1, 4))
        return (head + self.value(value, column, deeper)).split("\n")

    def item(self, value: Tree, column: int) -> list[str]:
        deeper = column + self.random.choice([2, 2, 2, 3, 4])
        written = self.value(value, column, deeper)
        if is_block(value) and written.startswith("\n" + " " * deeper) and self.maybe(0.8):
            written = written[1 + column + 1 :]  # its first entry stands behind the dash
        return (" " * column + "-" + written).split("\n")

    def value(self, value: Tree, column: int, deeper: int) -> str:
        """What stands behind a colon or a dash."""
        if is_block(value) and self.maybe(0.7):
            lines = [self.behind(), *self.between(deeper), *self.block(value, deeper)]
            return "\n".join([*lines, *(self.between(deeper) if self.maybe(0.3) else [])])
        if isinstance(value, str) and "\n" in value and not value.startswith(" ") and self.maybe(0.7):
            return self.block_text(value, max(deeper, column + 1))
        written = self.flow(value, column + 1)
        return (f" {written}" if written else "") + self.behind()

    def block_text(self, text: str, column: int) -> str:
        chomping = self.random.choice(["", "+"]) if text.endswith("\n") else "-"
        lines = [" " * column + line if line else "" for line in text.removesuffix("\n").split("\n")]
        return "\n".join([f" |{chomping}{self.behind()}", *lines])

    def flow(self, tree: Tree, column: int) -> str:
        if not isinstance(tree, dict | list):
            return self.anchored(tree, column)
        opening, closing = "{}" if isinstance(tree, dict) else "[]"
        entries = tree.items() if isinstance(tree, dict) else ((None, item) for item in tree)
        written = [self.flow_entry(key, value, column) for key, value in entries]
        return opening + self.random.choice(["", "", " "]) + self.separated(written, column) + closing

    def flow_entry(self, key: Tree, value: Tree, column: int) -> str:
        written = self.flow(value, column)
        if key is None:
            return written or "null"
        return f"{self.scalar(key)}: {written}" if written else self.scalar(key) + self.random.choice(["", ": ", ":"])

    def separated(self, written: list[str], column: int) -> str:
        text, over_lines = "", self.maybe(0.3) and written
        for index, entry in enumerate(written):
            if over_lines and self.maybe(0.7):
                lines = [self.behind() if text else "", *self.between(column + 2)]
                text += "\n".join([*lines, " " * (column + 2)])
            text += entry
            if index < len(written) - 1 or self.maybe(0.15):
                text += self.random.choice([", ", ", ", ",", " , "])
        return text + (f"{self.behind()}\n{' ' * (column + 1)}" if over_lines and self.maybe(0.5) else "")

    def anchored(self, value: Tree, column: int) -> str:
        """A single value, now and then with an anchor, as an alias, or folded over two lines."""
        written = self.scalar(value)
        same = [name for name, other in self.anchors if other == value and type(other) is type(value)]
        if same and self.maybe(0.5):
            return f"*{same[0]} "
        if self.maybe(0.1) and column > 0:
            written = written.replace(" ", "\n" + " " * (column + 2), 1)
        if written and self.maybe(0.05):
            name = f"x{len(self.anchors)}"
            self.anchors.append((name, value))
            return f"&{name} {written}"
        return written

    def scalar(self, value: Tree) -> str:
        match value:
            case None:
                return self.random.choice(["", "~", "null"])
            case bool():
                return str(value).lower()
            case str():
                return self.text(value)
            case _:
                return str(value)

    def text(self, text: str) -> str:
        style = self.random.choice(["plain", "plain", "single", "double"])
        if style == "plain" and _PLAIN.fullmatch(text) and text not in _NOT_TEXT:
            return text
        if style == "single" and "\n" not in text:
            doubled = text.replace("'", "''")
            return f"'{doubled}'"
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
