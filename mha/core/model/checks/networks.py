"""Networks: one that lies within another belongs to the same zone."""

from collections.abc import Iterator

from mha.core.model import catalog
from mha.core.model.catalog import Rows
from mha.core.model.facts import Definition
from mha.core.model.findings import Finding


def judge(rows: Rows, bits: str) -> Iterator[Finding]:
    """The networks of an address range that lie within one of another zone; of several, the nearest is named."""
    for inner in _networks(rows, bits):
        outer = next((each for each in _around(rows, bits) if _zone(each) not in ("", _zone(inner))), None)
        if outer is not None and _zone(inner):
            yield Finding(
                "overlapping-networks", inner.path, inner.line, inner.subject,
                f"It is in zone {_zone(inner)}, and lies within {outer.name} ({outer.path}:{outer.line}),"
                f" which is in zone {_zone(outer)}.",
                "Let the two not overlap, or put both into one zone.",
            )  # fmt: skip


def _around(rows: Rows, bits: str) -> Iterator[Definition]:
    for length in range(len(bits) - 1, 0, -1):
        yield from _networks(rows, bits[:length])


def _networks(rows: Rows, bits: str) -> list[Definition]:
    return [row for row in rows.under(catalog.stretching(bits)) if isinstance(row, Definition)]


def _zone(network: Definition) -> str:
    return str((network.value or {}).get("zone", ""))
