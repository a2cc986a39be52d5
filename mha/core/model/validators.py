"""Validators: a JSON Schema as mha understands it, with its own formats and without the network."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from mha.core.model import values

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator


def compiled(schema: Mapping[str, Any]) -> "Draft202012Validator":
    """The validator of a schema; raises ValueError where it is none."""
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(
        dict(schema),
        formats=dict(values.CHECKS),
        validate_formats=True,
        pattern_options=jsonschema_rs.RegexOptions(),  # takes time that grows with the text only
        offline=True,
    )


@cache
def matcher(pattern: str) -> Callable[[object], bool]:
    """Whether a text has what a pattern of JSON Schema asks for, in time that grows with the text only."""
    return compiled({"pattern": pattern}).is_valid
