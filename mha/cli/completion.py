"""What the shell offers when Tab is pressed: fast, and silent about whatever is wrong."""

import os
from pathlib import Path

import typer


def servers(context: typer.Context) -> list[str]:
    """The names of the other servers."""
    from mha.store import glance

    home = _home(context)
    return [] if home is None else [name for name in glance.server_names(home) if name != glance.own_name(home)]


def drafts(context: typer.Context) -> list[str]:
    """The numbers of the kept drafts."""
    from mha.store import glance

    home = _home(context)
    return [] if home is None else glance.draft_numbers(home)


def kinds() -> list[str]:
    """The names of mha's own kinds."""
    from importlib import resources

    return sorted(file.name.removesuffix(".json") for file in resources.files("mha.kinds").iterdir())


def codes() -> list[str]:
    """The codes of findings."""
    from mha.core.model.codes import CODES

    return list(CODES)


def _home(context: typer.Context) -> Path | None:
    from mha.store import glance

    stated = context.find_root().params.get("home")
    try:
        return Path(stated) if stated else glance.containing(Path(os.getcwd()))
    except OSError:  # the folder that the shell stands in is gone
        return None
