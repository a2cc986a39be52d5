"""An administrator in a hurry: edits files and publishes, on and on, and says each time what was promised.

`python -m tests.reliability.editor HOME SEED` writes a line of JSON before each
edit, {"editing": path}, and after each publish, {"id", "held": [servers], "served": [servers]}.
It ends when its standard input ends, or with the error that stopped it.
"""

import json
import os
import random
import select
import sys
from pathlib import Path

from mha.operations import publication
from mha.store.home import open_home
from tests.cluster import JANA

FOLDERS = ("", "objects/", "policies/", "objects/sites/berlin/", "new-{n}/")
STANDING = 25  # files of the editor's own; beyond, it deletes some as well


def main(home: str, seed: str) -> None:
    """Edit and publish until there is no more standard input."""
    chance, own = random.Random(seed), open_home(Path(home)).name
    number = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        edit(Path(home) / "work", chance, f"{seed}-{number}")
        done = publication.publish(open_home(Path(home)), message=f"Change {number}", author=JANA)
        if done.id is not None:
            holders = [peer for peer in done.peers if peer not in done.lacking]
            served = [peer.name for peer in holders if peer.current == done.id]
            say(
                id=done.id,
                held=[own, *(peer.name for peer in holders)],
                served=served if done.fault else [own, *served],
            )
        number += 1


def edit(work: Path, chance: random.Random, text: str) -> None:
    """Write, replace and delete a few files; half of the editors sync nothing."""
    for number in range(chance.choice([1, 1, 2, 5])):
        path = f"{chance.choice(FOLDERS).format(n=text)}file-{chance.randrange(12)}.yaml"
        data = f"# {text}-{number}\n".encode() * chance.choice([1, 40, 3000])
        say(editing=path)
        write(work / path, data, in_place=chance.random() < 0.5, sync=chance.random() < 0.5)
    standing = sorted(work.rglob("file-*.yaml"))
    for file in chance.sample(standing, max(0, len(standing) - STANDING)):
        say(editing=str(file.relative_to(work)))
        file.unlink()


def write(path: Path, data: bytes, *, in_place: bool, sync: bool) -> None:
    """Write a file as an editor does: over the old one, or beside it and then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    target = path if in_place else path.with_name(f"{path.name}~")
    with target.open("wb") as file:
        file.write(data)
        file.flush()
        if sync:
            os.fsync(file.fileno())
    if not in_place:
        target.replace(path)


def say(**words: object) -> None:
    """Write one line, at once."""
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
