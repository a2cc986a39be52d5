"""The rows about the configuration model: checking, and editing by name.

Each yields pairs of seconds as `measures.py` does. The tools that are compared with are those that people use for the
same: yamllint, check-jsonschema, and grep with sed.
"""

import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.measures import Pair
from benchmarks.servers import timed
from benchmarks.stage import Stage, mha, run
from mha.core.model import facts, memory
from mha.core.model.checks import policies
from mha.core.model.checks.dates import Days
from mha.core.model.memory import Memory
from mha.core.model.resolution import Resolver
from mha.operations import renaming, validation
from mha.operations import tip as tips
from mha.store import kind_files
from mha.store.home import Home, open_home

DAYS = Days("2026-11-30", "2026-12-30")
_BIN = Path(sys.executable).parent
_ROOT = Path(__file__).resolve().parent.parent


def against_yamllint(stage: Stage, rounds: int) -> Iterator[Pair]:
    """`mha validate` of a store that was never checked, against yamllint over the same files."""
    for _ in range(rounds):
        yield _validated(stage), timed(lambda: run(_BIN / "yamllint", "-d", "relaxed", stage.root / "files"))


def against_check_jsonschema(stage: Stage, rounds: int) -> Iterator[Pair]:
    """The same against check-jsonschema, with the schema of a host's document."""
    schema = stage.root / "host.json"
    whole = {**kind_files.built_in().by_name["host"].schema}
    whole["properties"] = {**whole["properties"], "kind": {"const": "host"}, "name": {"type": "string"}}
    schema.write_text(json.dumps(whole))
    files = sorted((stage.root / "files").rglob("*.yaml"))
    for _ in range(rounds):
        yield _validated(stage), timed(lambda: run(_BIN / "check-jsonschema", "--schemafile", schema, *files))


def share(stage: Stage, rounds: int) -> Iterator[Pair]:
    """What the checks cost a publish of one change, against the same with 1,000 objects."""
    small = Stage.of(stage.root / "small", 1_000)
    homes = [(each, each.active()) for each in (stage, small)]
    for each, home in homes:
        each.publish(known=True)
        _judged(each, home)
    for _ in range(rounds):
        ours, theirs = (_judged(each, home) for each, home in homes)
        yield ours, theirs


def rules(_stage: Stage, rounds: int) -> Iterator[Pair]:
    """All checks of 2,000 rules over 10,000 objects, names resolved anew, against half a second."""
    book, layer = _policy(10_000, 2_000)
    for _ in range(rounds):
        yield timed(lambda: policies.judge(layer, Resolver(book), DAYS)), 0.5


def rules_memory(_stage: Stage, _rounds: int) -> Iterator[Pair]:
    """What a process holds at most that reads these objects and judges these rules, against 300 MB; in GiB."""
    code = "from benchmarks import checks; checks.judge_rules()"
    done = subprocess.run([sys.executable, "-c", code], cwd=_ROOT, check=True, capture_output=True, text=True)
    yield int(done.stdout) / (1 << 20), 300e6 / (1 << 30)


def judge_rules() -> None:
    """Judge them once, and print the KiB that were held at most."""
    book, layer = _policy(10_000, 2_000)
    list(policies.judge(layer, Resolver(book), DAYS))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def rename(stage: Stage, rounds: int) -> Iterator[Pair]:
    """`mha rename` of a zone that each file names, against grep and sed."""
    for number in range(rounds):
        zone, new = f"zone-{number}", f"zone-{number + 1}"
        if number == 0:
            _with_zone(stage, zone)
        home = stage.active()
        ours = timed(lambda: renaming.rename(open_home(home.path), f"zone/{zone}", new))  # noqa: B023
        script = f"grep -rl 'zone: {zone}' {stage.root / 'files'} | xargs sed -i 's/zone: {zone}/zone: {new}/'"
        yield ours, timed(lambda: subprocess.run(["sh", "-c", script], check=True))  # noqa: B023


def _validated(stage: Stage) -> float:
    home = stage.active()
    (home.state / "model").unlink(missing_ok=True)
    return timed(lambda: mha("--home", home.path, "validate"))


def _judged(stage: Stage, home: Home) -> float:
    """What the checks take for one edited file, and to keep what they know.

    Nothing is published: what is kept stands under the head's name, and is good for the next round alone.
    """
    path = stage.edit(home.work)
    here = tips.tip(open_home(home.path))
    texts: dict[str, bytes | None] = {path: (home.work / path).read_bytes()}

    def judge() -> None:
        with validation.judged(here, texts, {}) as verdict:
            verdict.keep(here.tree)

    return timed(judge)


def _with_zone(stage: Stage, zone: str) -> None:
    for file in (stage.root / "files").rglob("*.yaml"):
        file.write_text(f"{file.read_text()}zone: {zone}\n")
    (stage.root / "files" / "objects" / "zones.yaml").write_text(f"zones: {{{zone}: {{}}}}\n")
    home = stage.active()
    shutil.copytree(stage.root / "files", home.work, dirs_exist_ok=True)
    mha("--home", home.path, "publish", "-m", "A zone for all")


def _policy(objects: int, count: int) -> tuple[Memory, facts.Definition]:
    """A layer of rules between groups and hosts, and all that it names."""
    kinds = kind_files.built_in()
    hosts = "".join(f"  host-{n}: 10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}\n" for n in range(objects))
    groups = "".join(
        f"  group-{g}: [{', '.join(f'host-{(g * 37 + 7 * k) % objects}' for k in range(100 + g))}]\n"
        for g in range(200)
    )
    services = "".join(f"  tcp-{n}: tcp/{n}\n" for n in range(1, 500))
    lines = [
        f"- {{name: r-{n}, from: group-{n % 200}, to: {'any' if n % 9 == 0 else f'host-{n * 5 % objects}'}, "
        f"service: tcp-{n % 498 + 1}, action: {'drop' if n % 4 == 0 else 'accept'}}}\n"
        for n in range(count - 1)
    ]
    rest = "- {name: rest, from: any, to: any, service: any, action: drop}\n"
    texts = {
        "objects/a.yaml": f"hosts:\n{hosts}",
        "objects/b.yaml": f"groups:\n{groups}services:\n{services}",
        "policies/a.yaml": f"kind: layer\nname: main\nrules:\n{''.join(lines)}{rest}",
    }
    files = [facts.of_file(path, text.encode(), kinds) for path, text in texts.items()]
    assert not any(found.findings for found in files)
    return memory.Memory(files), files[-1].definitions[0]
