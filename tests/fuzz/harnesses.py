"""All harnesses by name, and how inputs are made without atheris: the same for a seed, everywhere."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.fuzz import exchanges, models, numbers, refactorings, texts

CORPUS = Path(__file__).parent / "corpus"
HARNESSES: dict[str, Callable[[bytes], None]] = {
    harness.__name__: harness
    for harness in (
        texts.trailers, texts.administrators_words, texts.yaml, texts.cluster_file, texts.server_name, texts.address,
        texts.path, texts.case_twins, exchanges.ssh_command, exchanges.pushed_references, exchanges.hooks_list,
        exchanges.receivers_word, exchanges.remote_listing, exchanges.status_line, exchanges.complaints,
        exchanges.tree_entries, models.kind_schema, models.objects_file, refactorings.edits, refactorings.refactoring,
        numbers.numbers, numbers.path_patterns,
    )
}  # fmt: skip
_PIECES = (
    b"\n", b"\n\n", b"\r", b"\t", b" ", b"\0", b":", b"'", b'"', b"/", b"..", b"-", b"\\", b"%", b"\x1b[31m", b"#",
    b"\xe2\x80\xae", b"\xff", b"\xc3\xa9", b"e\xcc\x81", b"1" * 40, b"0", b"9" * 20, b"refs/heads/main", b"mha.git",
    b"Mha-Revision: 1\n", b"\xe2\x80\xa8", b"\x0b", b".git", b"|\n", b"&a ", b"*a", b"{", b"}", b"[", b"]", b"? ",
)  # fmt: skip


def seeds(name: str) -> list[bytes]:
    """The inputs that are kept for a harness."""
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def mutated(name: str, count: int) -> Iterator[bytes]:
    """So many inputs made from the kept ones; always the same."""
    chance = random.Random(name)
    kept = seeds(name)
    for _ in range(count):
        data = bytearray(chance.choice(kept))
        for _ in range(chance.randint(1, 6)):
            at = chance.randint(0, len(data))
            match chance.randrange(5):
                case 0:
                    data[at:at] = chance.choice(_PIECES)
                case 1:
                    del data[at : at + chance.randint(1, 8)]
                case 2:
                    data[at : at + 1] = bytes([chance.randrange(256)])
                case 3:
                    end = min(len(data), at + chance.randint(1, 20))
                    data[end:end] = data[at:end]
                case _:
                    other = chance.choice(kept)
                    data[at:] = other[chance.randint(0, len(other)) :]
        yield bytes(data)
