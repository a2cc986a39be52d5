"""Reports about objects: who uses them, what was found, what was edited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mha.cli.render.text import changes, count, give_json, remark, say
from mha.core.changes import escaped
from mha.errors import ExitCode

if TYPE_CHECKING:
    from mha.core.model.search import Hit
    from mha.operations.looking import Used
    from mha.operations.normalising import Normalised
    from mha.operations.renaming import Refactored


def used(found: Sequence[Used], *, json: bool) -> None:
    """Print where objects are named."""
    if json:
        give_json(found)
        return
    for each in found:
        say(f"{escaped(each.subject)} ({each.path}:{each.line}) is named in {count(len(each.users), 'place')}.")
        for user in each.users:
            through = f", through {' > '.join(map(escaped, user.through))}" if user.through else ""
            say(f"  {escaped(user.path)}:{user.line}: {escaped(user.subject)}{through}")
        for path in each.unread:
            remark(f"Warning: What {escaped(path)} refers to is not known; `mha validate` says what is wrong in it.")


def hits(found: Sequence[Hit], *, json: bool) -> None:
    """Print objects and rules that were found."""
    if json:
        give_json(found)
        return
    for hit in found:
        why = f" ({hit.why})" if hit.why else ""
        say(f"{hit.path}:{hit.line}: {escaped(hit.subject)}{why}")
    if not found:
        say("Nothing was found.")


def refactored(done: Refactored, what: str, *, json: bool) -> None:
    """Print which files were edited."""
    if json:
        give_json(done)
        return
    where = f", in {count(done.places, 'place')}" if done.places else ""
    say(f"{what}{where}. `mha diff --lines` shows the draft.")
    changes(done.changes)


def formatted(done: Normalised, *, check: bool, json: bool) -> ExitCode:
    """Print which files got the normal form, and why others did not."""
    if json:
        give_json(done)
    else:
        say(f"{'Not in the normal form' if check else 'Written anew'}: {count(len(done.changed), 'file')}.")
        for path in done.changed:
            say(f"  {escaped(path)}")
    for why in done.left:
        remark(f"Warning: {escaped(why)}")
    return ExitCode.ERROR if check and (done.changed or done.left) else ExitCode.DONE
