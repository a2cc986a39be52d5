"""A peer that keeps no rule pushes by hand: refused with a reason, in bounded time, memory and disk, and nothing stays.

Each case is a push whose bytes no mha and no git would send. It goes to the real
receiving side, by path and as the forced command of an ssh key. After each one
the receiver's references, objects, releases and locks are as they were; in the
end it takes an honest push.
"""

import os
from collections.abc import Callable, Iterator
from itertools import chain, repeat

import pytest

from mha.core.record import Record, compose
from mha.operations import verification
from tests.cluster import Cluster
from tests.reliability import hostile
from tests.reliability.hostile import MAIN, ZERO, Loose, Scene

Case = Callable[[Scene], bytes]
MEMORY = 1 << 30  # of the largest process that a push starts
SECONDS = 100  # on a busy machine; the slowest takes 10


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Two servers at revision 2; every case must leave them so, and after all of them an honest push is taken."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        cluster = Cluster.build(tmp_path_factory.mktemp("hostile"), ("fw-a", "fw-b"))
        scene = Scene(cluster["fw-a"], cluster["fw-b"])
        yield scene
        done = hostile.receive(scene.receiver, scene.honest())
        assert f"ok {MAIN}" in done.said
        assert scene.receiver.served()["honest.yaml"] == b"hosts: {}\n"
        assert verification.verify(scene.receiver.home, deep=True).findings == ()


def entry(name: bytes, mode: bytes = b"100644", oid: str = "") -> Case:
    """The next revision with one entry that may not be; it holds the hosts, if nothing else is said."""
    return lambda scene: scene.push(*scene.revision((mode, name, oid or scene.hosts.id)))


def record(*facts: int | str | None, files: bool = False, **options: object) -> Case:
    """A revision with a record that may not follow."""

    def case(scene: Scene) -> bytes:
        added = [(b"100644", b"new.yaml", scene.hosts.id)] if files else []
        return scene.push(*scene.revision(*added, record=Record(*facts), **options))  # type: ignore[arg-type]

    return case


def reference(name: str) -> Case:
    """A good revision under a name that a peer may not move."""
    return lambda scene: scene.push(*scene.revision((b"100644", b"new.yaml", scene.hosts.id)), name=name)


def raw(change: Callable[[bytes], bytes]) -> Case:
    """A good push whose pack was changed."""

    def case(scene: Scene) -> bytes:
        new, objects = scene.revision((b"100644", b"new.yaml", scene.hosts.id))
        return hostile.commands((scene.head, new, MAIN)) + change(hostile.pack(objects))

    return case


def beside(one: Callable[[Scene], bytes]) -> Case:
    """A good revision whose pack carries an entry more that nothing refers to."""

    def case(scene: Scene) -> bytes:
        new, objects = scene.revision((b"100644", b"new.yaml", scene.hosts.id))
        body = hostile.sealed([*map(hostile.packed, objects), one(scene)])
        return hostile.commands((scene.head, new, MAIN)) + body

    return case


def unrelated(scene: Scene) -> bytes:
    first = scene.commit(scene.tree_id, parents=[], record=Record(1, 1, "fw-a", "fw-a"), message=None)
    return scene.push(first.id, [first], name=f"refs/mha/keep/{first.id}")


def rewritten_root(scene: Scene) -> bytes:
    first = scene.commit(scene.tree_id, parents=[], record=Record(1, 1, "fw-a", "fw-a"))
    second = scene.commit(scene.tree_id, parents=[first.id], record=Record(2, 1, "fw-a", "fw-a"))
    return scene.push(second.id, [first, second])


def aside(scene: Scene) -> bytes:
    other = scene.commit(scene.tree_id, parents=[scene.first], record=Record(2, 1, "fw-a", "fw-a"))
    return scene.push(other.id, [other])


def no_commit(kind: str, content: bytes) -> Case:
    def case(scene: Scene) -> bytes:
        one = Loose(kind, content.replace(b"HEAD", scene.head.encode()))
        return scene.push(one.id, [one], name=f"refs/mha/keep/{one.id}")

    return case


def shallow(scene: Scene) -> bytes:
    commit = scene.commit(scene.tree_id, parents=["1" * 40])
    return hostile.packet(f"shallow {commit.id}".encode()) + scene.push(commit.id, [commit])


def second_reference_behind_a_line_feed(first: str, second: str) -> Case:
    """git lists names as they came; the list of the judge must not end where a sender wants it to."""

    def case(scene: Scene) -> bytes:
        new, objects = scene.revision(record=Record(99, 7, "fw-x", "fw-x"))
        old = scene.head if second == MAIN else ZERO
        return hostile.commands((scene.head, scene.head, first), (old, new, second)) + hostile.pack(objects)

    return case


REFUSED: dict[str, tuple[Case, str]] = {
    # Where to
    "a side beside main": (aside, "this is no fast-forward"),
    "main goes back": (lambda scene: scene.push(scene.first), "this is no fast-forward"),
    "main is deleted": (lambda scene: hostile.commands((scene.head, ZERO, MAIN)), "Nothing is ever deleted here."),
    "a kept side is deleted": (
        lambda scene: hostile.commands((scene.head, ZERO, f"refs/mha/keep/{scene.head}")),
        "Nothing is ever deleted here.",
    ),
    "a stale view of main": (
        lambda scene: scene.push(*scene.revision(), old=scene.first), "fw-b has moved on while this was sent."
    ),
    **{
        f"the reference {name!r}": (reference(name), "Only main and kept sides are received.")
        for name in (
            "refs/heads/x", "refs/tags/v1", "refs/mha/current", "refs/mha/server/fw-b", "refs/mha/offered",
            "refs/mha/drafts/1", "refs/replace/x", "HEAD", "config", "x", "refs/heads/../x", "refs/heads/main.lock",
            "refs/heads/main/x", "refs/heads/Main", "../../x", "refs/heads/" + "a" * 60_000,
        )
    },
    "a name that steers a terminal": (reference("refs/heads/\x1b[31mred"), r"refs/heads/\x1b[31mred is no business"),
    "a name that is not UTF-8": (reference("refs/heads/caf\udce9"), "Only main and kept sides are received."),
    "a kept side with a way out": (reference("refs/mha/keep/../../heads/main"), "A kept side is named by its own id"),
    "main behind a line feed": (
        second_reference_behind_a_line_feed("refs/heads/main\n", MAIN), "What git lists is not understood."
    ),
    "a branch behind a line feed": (
        second_reference_behind_a_line_feed("refs/heads/main\n", "refs/heads/x"), "What git lists is not understood."
    ),
    "a question of a hook in a name": (
        second_reference_behind_a_line_feed("refs/heads/main\n\nsync\n", MAIN), "What git lists is not understood."
    ),
    "a carriage return in a name": (
        second_reference_behind_a_line_feed("refs/heads/main\r", MAIN), "Only main and kept sides are received."
    ),
    "thousands of references": (
        lambda scene: hostile.commands(*((ZERO, scene.head, f"refs/heads/{n}") for n in range(5000)))
        + hostile.pack([]),
        "So many references are not pushed at once by any mha.",
    ),
    "a tag": (
        no_commit("tag", b"object HEAD\ntype commit\ntag x\ntagger J <j@x> 1 +0000\n\nx\n"), "It is no revision."
    ),
    "a file as a side": (no_commit("blob", b"x"), "It is no revision."),
    # Who and what
    "a Standby publishes": (record(3, 1, "fw-b", "fw-b"), "fw-b may not publish: fw-a is Active at epoch 1."),
    "a number left out": (record(4, 1, "fw-a", "fw-a"), "Revision 3 comes next, not 4."),
    "an epoch left out": (record(3, 3, "fw-b", "fw-b"), "Epoch 1 or 2 comes next, not 3."),
    "a changeover with files": (record(3, 2, "fw-b", "fw-b", files=True), "A changeover changes no file."),
    "a changeover to a stranger": (record(3, 2, "fw-x", "fw-x"), "mha.yaml does not list it."),
    "a rewritten root": (rewritten_root, "this is no fast-forward"),
    "an unrelated history": (unrelated, "It belongs to another cluster"),
    "no record": (lambda scene: scene.push(*scene.revision(message="x\n")), "It carries no record"),
    "a record that steers a terminal": (
        lambda scene: scene.push(*scene.revision(message=compose("x", Record(3, 1, "fw-\x1b[31ma", "fw-a")))),
        r"fw-\x1b[31ma would be Active",
    ),
    "a message in an encoding that takes a square of time": (
        lambda scene: scene.push(
            *scene.revision(message="a-" + "zb9" * 100_000, extra="encoding punycode\n")
        ),
        "It carries no record",
    ),
    "a message of two megabytes": (
        lambda scene: scene.push(*scene.revision(message=compose("x" * (2 << 20), hostile.NEXT))),
        "Its message is larger than 1 MiB.",
    ),
    # Files
    "a symbolic link": (entry(b"link", b"120000"), "link is a symbolic link."),
    "a submodule": (entry(b"module", b"160000", "1" * 40), "module is a nested repository."),
    **{
        f"the name {name!r}": (entry(name), "")
        for name in (
            b".git", b".GIT", b".gIt", b"git~1", b"GIT~1", b".git.", b".git ", b".git. .", b".git::$INDEX_ALLOCATION",
            b".git:x", ".g\u200cit".encode(), "\ufeff.git".encode(), b"x\\.git\\config", b"..", b".", b"a/b", b"",
            b"bell\x07", b"line\nfeed", b"\x1b[31m", "right\u202eleft".encode(), b"caf\xe9", b"\x7f", b"a" * 256,
        )
    },
    "a folder named .git": (
        lambda scene: scene.push(*scene.revision((b"40000", b".Git", scene.entries[1][2]))), ""
    ),
    "a case twin": (entry(b"Mha.yaml"), "Mha.yaml and mha.yaml are one name to some file systems."),
    "a case twin of a folder": (entry(b"OBJECTS"), "are one name to some file systems."),
    "a twin by composition": (
        lambda scene: scene.push(
            *scene.revision(*((b"100644", name.encode(), scene.hosts.id) for name in ("caf\u00e9", "cafe\u0301")))
        ),
        "are one name to some file systems.",
    ),
    "an entry twice": (
        lambda scene: scene.push(*scene.revision(*[(b"100644", b"new.yaml", scene.hosts.id)] * 2)), "duplicateEntries"
    ),
    "entries out of order": (
        lambda scene: scene.push(*scene.with_tree(scene.tree(*reversed(scene.entries), ordered=False))), "treeNotSorted"
    ),
    **{
        f"the mode {mode.decode()}": (entry(b"new.yaml", mode), "badFilemode")
        for mode in (b"170000", b"60000", b"10000", b"20000", b"0", b"100777", b"140000")
    },
    "a folder as a file": (lambda scene: entry(b"x", oid=scene.tree_id)(scene), ""),
    "a revision as a file": (lambda scene: entry(b"x", oid=scene.head)(scene), ""),
    "a file as a folder": (entry(b"x", b"40000"), ""),
    "a file that is not sent": (entry(b"x", oid="1" * 40), ""),
    # Packs
    "a pack cut in half": (raw(lambda data: data[: len(data) // 2]), "early EOF"),
    "no pack": (raw(lambda _: b""), "eof before pack header"),
    "a pack with a wrong bit": (raw(lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:]), "unpack-objects"),
    "a pack with a wrong sum": (raw(lambda data: data[:-1] + bytes([data[-1] ^ 1])), "final sha1 did not match"),
    "a pack that counts too many": (raw(lambda data: data[:8] + b"\0\0\0\x09" + data[12:]), "unpack-objects"),
    "a pack that counts billions": (raw(lambda data: data[:8] + b"\xff" * 4 + data[12:]), "index-pack"),
    "a pack that counts too few": (raw(lambda data: data[:8] + b"\0\0\0\x01" + data[12:]), "sha1 did not match"),
    "a pack of another version": (raw(lambda data: data[:7] + b"\x09" + data[8:]), "pack version unsupported"),
    "something else than a pack": (raw(lambda _: b"GET / HTTP/1.0\r\n\r\n" * 99), "pack signature mismatch"),
    "a thin pack without its base": (
        beside(lambda _: hostile.packed(Loose("ref-delta", b"\x05\x05\x90\x05", "1" * 40))), "unresolved deltas"
    ),
    "a difference that lies about its length": (
        beside(lambda scene: hostile.packed(Loose("ref-delta", b"\x0a\xff\x7f\x90\x05", scene.hosts.id))), "unpack"
    ),
    # The protocol
    "an object format that is not spoken": (
        lambda scene: hostile.commands((scene.head, scene.head, MAIN), capabilities="object-format=sha256"), ""
    ),
    "ids of another length": (lambda _: hostile.packet(f"{'1' * 64} {'2' * 64} {MAIN}".encode()) + b"0000", ""),
    "no protocol": (lambda _: b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", ""),
    "a packet longer than there are": (lambda _: b"ffff" + b"x" * 70_000, ""),
    "a shallow history": (shallow, ""),
}  # fmt: skip
ALWAYS = ("main behind a line feed", "a branch behind a line feed", "a question of a hook in a name")
BY_SSH = 5  # one of so many goes over ssh in the short profile; all go both ways in the long one


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("part", range(4))
def test_pushes_against_the_rules_are_refused_and_leave_nothing(scene, part, full, tally):
    names = list(REFUSED)[part::4]
    chosen = names if full else [name for n, name in enumerate(names) if n % 5 == 0 or name in ALWAYS]
    before = hostile.state(scene.receiver)
    tried = [(name, ssh) for n, name in enumerate(chosen) for ssh in ((False, True) if full else (n % BY_SSH == 0,))]

    for name, ssh in tried:
        case, reason = REFUSED[name]
        done = hostile.receive(scene.receiver, case(scene), ssh=ssh)

        own = done.said.replace("ng refs/heads/\x1b", "")  # git's report repeats the sender's own words
        assert (f"ok {MAIN}" in own, reason in own, "\x1b" in own) == (False, True, False), (name, done.said)
        assert "mistake in mha" not in own, (name, done.said)
        assert hostile.state(scene.receiver) == before, name
        assert done.peak_bytes < MEMORY, name
    tally("push made by hand, refused", len(tried))


def same_folder_again(width: int, depth: int) -> Case:
    """A few kilobytes of trees that stand for width to the power of depth files."""

    def case(scene: Scene) -> bytes:
        objects, inner = [], (b"100644", scene.hosts.id)
        for _ in range(depth):
            objects.append(scene.tree(*((inner[0], b"f%04d" % n, inner[1]) for n in range(width))))
            inner = (b"40000", objects[-1].id)
        new, others = scene.revision((inner[0], b"zz", inner[1]))
        return scene.push(new, [*objects, *others])

    return case


def same_file_again(scene: Scene) -> bytes:
    """16 KiB of a file, which a folder holds three hundred times."""
    large = Loose("blob", bytes(16 << 20))
    folder = scene.tree(*((b"100644", b"f%03d" % number, large.id) for number in range(300)))
    new, others = scene.revision((b"40000", b"zz", folder.id))
    return scene.push(new, [large, folder, *others])


def many_parents(scene: Scene) -> bytes:
    """A resolution of so many lines that comparing each with each takes minutes."""
    lines = [scene.commit(scene.tree_id, message=compose(f"{n}", hostile.NEXT)) for n in range(500)]
    merged = scene.commit(scene.tree_id, parents=[line.id for line in lines], record=Record(4, 2, "fw-a", "fw-a"))
    return scene.push(merged.id, [*lines, merged])


def large_cluster_file(scene: Scene) -> bytes:
    large = Loose("blob", bytes(20 << 20))
    entries = [(mode, name, large.id if name == b"mha.yaml" else oid) for mode, name, oid in scene.entries]
    new, others = scene.with_tree(scene.tree(*entries))
    return scene.push(new, [large, *others])


def difference_of(length: int) -> Case:
    """A kilobyte that grows to `length` bytes, in the memory of whoever unpacks it."""

    def case(scene: Scene) -> bytes:
        base = Loose("blob", bytes(1 << 16))
        new, objects = scene.revision((b"100644", b"new.bin", base.id))
        grown = hostile.growing(base.id, length >> 16)
        return hostile.commands((scene.head, new, MAIN)) + hostile.pack([base, *objects, grown])

    return case


def zeros_of(length: int) -> Case:
    """A thousandth of `length`, which inflates to it, as a file of the revision."""

    def case(scene: Scene) -> bytes:
        oid = hostile.id_of_zeros(length)
        new, objects = scene.revision((b"100644", b"new.bin", oid))
        body = hostile.sealed([hostile.zeros(length), *map(hostile.packed, objects)])
        return hostile.commands((scene.head, new, MAIN)) + body

    return case


BOMBS: dict[str, tuple[Case, str]] = {
    "ten to the tenth files": (same_folder_again(10, 10), "files are added or changed at once"),
    "ten to the 90th files": (same_folder_again(1000, 30), "files are added or changed at once"),
    "folders in folders": (same_folder_again(1, 5000), "Its folders go down more than 32 levels."),
    "5 GB of files in 16 KB": (same_file_again, "4,800 MiB are added or changed at once"),
    "five hundred parents": (many_parents, "It merges more than 16 revisions."),
    "a cluster file of 20 MiB": (large_cluster_file, "mha.yaml is larger than 1 MiB."),
    "a difference of 2 GiB": (difference_of(2 << 30), "Out of memory"),
    "a file of 20 MiB in 20 KiB": (zeros_of(20 << 20), "new.bin is larger than 16 MiB."),
}
LARGE_BOMBS: dict[str, tuple[Case, str]] = {
    "a difference of 300 GiB": (difference_of(300 << 30), "Out of memory"),
    "a file of 2 GiB in 2 MiB": (zeros_of(2 << 30), "new.bin is larger than 16 MiB."),
    "hundreds of references of 60 KB": (
        lambda scene: (
            hostile.commands(*((ZERO, scene.head, f"refs/heads/{n}{'a' * 60_000}") for n in range(900)))
            + hostile.pack([])
        ),
        "So many references are not pushed at once by any mha.",
    ),
}


@pytest.mark.timeout(3600)
def test_a_bomb_takes_bounded_time_memory_and_disk(scene, full, tally):
    chosen = BOMBS | LARGE_BOMBS if full else BOMBS
    before = hostile.state(scene.receiver)
    used = hostile.disk_use(scene.receiver.path / "mha.git" / "objects")

    for name, (case, reason) in chosen.items():
        sent = case(scene)
        done = hostile.receive(scene.receiver, sent, seconds=900)

        assert reason in done.said, (name, done.said)
        assert hostile.state(scene.receiver) == before, name
        assert done.seconds < (SECONDS if name in BOMBS else 10 * SECONDS), name
        assert done.peak_bytes < MEMORY, name
        assert done.peak_disk - used < len(sent) * 8 + (8 << 20), name
    tally("bomb pushed: bounded time, memory and disk", len(chosen))


def test_a_bomb_finds_its_limits_however_late_the_receiver_goes_on(scene):
    before = hostile.state(scene.receiver)
    late = "import subprocess, time; start = subprocess.Popen.__init__"
    late += "; subprocess.Popen.__init__ = lambda *words, **more: (start(*words, **more), time.sleep(1))[0]"

    done = hostile.receive(scene.receiver, difference_of(2 << 30)(scene), limits=late)

    assert "Out of memory" in done.said
    assert hostile.state(scene.receiver) == before
    assert done.peak_bytes < MEMORY


@pytest.mark.parametrize(
    ("limit", "piece", "said"),
    [
        (
            "TRANSFER_BYTES = 1 << 20",
            hostile.packed(Loose("blob", os.urandom(1 << 16))),
            "exceeds maximum allowed size",
        ),
        ("CPU_SECONDS = 1", hostile.zeros(32 << 20), "unpack"),
    ],
    ids=["of bytes", "of work"],
)
def test_a_stream_without_end_meets_its_limit(scene, limit, piece, said, tally):
    before = hostile.state(scene.receiver)
    new, _ = scene.revision()
    begin = hostile.commands((scene.head, new, MAIN)) + b"PACK\0\0\0\2" + (1 << 20).to_bytes(4, "big")
    limits = f"from mha.store import git; git.{limit}"
    done = hostile.receive(scene.receiver, chain([begin], repeat(piece)), limits=limits, seconds=90)

    assert said in done.said
    assert hostile.state(scene.receiver) == before
    assert done.seconds < 80
    tally("push without end", 1)
