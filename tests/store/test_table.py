"""A table on disk: what it says is what a dict would say, or it says that it is damaged."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from mha.core.table import Table
from mha.store import table as store
from mha.store.pages import SLOT
from tests.store.tables import all_of, change, commit, content, differences, opened, revision, write

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "table"


# what a table says

keys = st.builds(lambda head, tail: b"%s/%d" % (head * 300, tail), st.sampled_from([b"a", b"b"]), st.integers(0, 300))
values = st.sampled_from([b"", b"x", b"y" * 100, b"z" * 3000, b"z" * (3 * SLOT)])


class Tables(RuleBasedStateMachine):
    """One table in a file, read and changed, dropped and opened; long keys make a tree of several floors."""

    path: Path

    def __init__(self) -> None:
        super().__init__()
        self.path.unlink(missing_ok=True)
        self.commits = 0
        self.model: dict[bytes, bytes] = {}
        self.kept: dict[bytes, bytes] = {}
        self.table = Table()

    @rule(changes=st.dictionaries(keys, st.none() | values, max_size=20))
    def apply(self, changes: dict[bytes, bytes | None]) -> None:
        self.table.apply(changes)
        self.model = {key: value for key, value in (self.model | changes).items() if value is not None}

    @rule(first=keys, value=values)
    def apply_many(self, first: bytes, value: bytes) -> None:
        self.apply({first + b"/%d" % n: value for n in range(80)})

    @rule(step=st.integers(1, 4))
    def delete_many(self, step: int) -> None:
        self.apply(dict.fromkeys(sorted(self.model)[::step]))

    @rule()
    def commit(self) -> None:
        self.commits += 1
        assert store.write(self.path, self.table, b"%d" % self.commits)
        self.kept = dict(self.model)
        self.reopen()

    @precondition(lambda self: self.commits)
    @rule()
    def reopen(self) -> None:
        self.teardown()
        assert store.open_for(self.path, b"%d" % (self.commits - 1)) is None
        self.table, self.model = Table(store.open_for(self.path, b"%d" % self.commits)), dict(self.kept)

    @rule(key=keys)
    def get(self, key: bytes) -> None:
        assert self.table.get(key) == self.model.get(key)

    @rule(key=keys, length=st.integers(0, 305))
    def scan(self, key: bytes, length: int) -> None:
        prefix = key[:length]
        expected = sorted(entry for entry in self.model.items() if entry[0].startswith(prefix))
        assert list(self.table.scan(prefix)) == expected

    @invariant()
    def it_holds_what_the_model_holds(self) -> None:
        assert list(self.table.scan(b"")) == sorted(self.model.items())

    def teardown(self) -> None:
        if isinstance(self.table.below, store.StoredTable):
            self.table.below.close()


def test_a_table_that_is_dropped_and_opened_answers_as_a_dict_does(path):
    class Here(Tables):
        pass

    Here.path = path
    run_state_machine_as_test(Here, settings=settings(deadline=None, max_examples=60, stateful_step_count=25))


@pytest.mark.parametrize("size", [4, 20, 2000, 5000])
@pytest.mark.parametrize("entries", [0, 1, 2, 3, 50, 400])
def test_keys_of_any_length_find_their_values(path, entries, size):
    made = {b"%0*d" % (size, n): b"%d" % n for n in range(entries)}

    write(path, made)
    assert content(path) == made

    change(path, dict.fromkeys([*made][1::2]) | {b"": b"no key"})
    assert content(path) == {key: made[key] for key in [*made][0::2]} | {b"": b"no key"}


def test_a_table_says_what_it_belongs_to_and_is_no_other(path):
    write(path, revision(1), b"1")

    assert (content(path, b"1"), content(path, b"2"), content(path, b"")) == (revision(1), None, None)
    with closing(opened(path)) as found:
        assert found.label == b"1"


def test_only_its_account_may_read_it(path):
    before = os.umask(0)
    try:
        write(path, revision(0))
        commit(path, 1)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(path.parent) == [path.name]


# what it costs


def test_commit_after_commit_the_file_stays_as_large_as_it_was(path):
    write(path, revision(0), b"0")
    sizes = []
    for number in range(1, 300):
        commit(path, number)
        sizes.append(path.stat().st_size)
    assert content(path, b"299") == revision(299)
    assert max(sizes) < 2 * sizes[0]


def test_a_table_of_which_little_is_left_is_written_anew(path):
    made = {b"name/%d" % n: b"x" * 100 for n in range(30_000)}
    kept = {key: value for at, (key, value) in enumerate(made.items()) if at % 50 == 0}

    write(path, made)
    change(path, differences(made, kept))
    assert path.stat().st_size > 3_000_000
    change(path, {b"more": b""})

    assert path.stat().st_size < 200_000
    assert content(path) == kept | {b"more": b""}


def objects(count: int) -> Iterator[tuple[bytes, bytes]]:
    """Six entries for each object, of 100 bytes, in an order that is not that of their making."""
    for at in range(count):
        name = b"host-%08x" % (at * 2654435761 & 0xFFFFFFFF)
        for kind in (b"name/%s", b"used/%s/1", b"used/%s/2", b"used/%s/3", b"value/%s", b"path/%s"):
            yield kind % name, name * 6


def traffic() -> tuple[int, int]:
    """The bytes that this process has read and written until now."""
    counted = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(counted["rchar"]), int(counted["wchar"])


@pytest.mark.skipif(not os.access("/proc/self/io", os.R_OK), reason="this machine does not count what a process reads")
def test_a_small_change_reads_and_writes_nearly_the_same_in_a_table_a_hundred_times_as_large(tmp_path):
    cost = {}
    for count in (1_000, 100_000):
        path, made = tmp_path / f"{count}", dict(objects(count))
        write(path, made)
        touched = random.Random(1).sample(sorted(made), 40)

        before = traffic()
        with closing(opened(path)) as below:
            table = Table(below)
            assert [table.get(key) for key in touched[:30]] == [made[key] for key in touched[:30]]
            assert [[*table.scan(key)] for key in touched[30:]] == [[(key, made[key])] for key in touched[30:]]
            table.apply(dict.fromkeys(touched[:20], b"changed"))
            assert store.write(path, table, b"next")
        cost[count] = [after - start for start, after in zip(before, traffic(), strict=True)]

        assert path.stat().st_size < 2 * sum(len(key) + len(value) for key, value in made.items())
    read, written = (large - small for small, large in zip(cost[1_000], cost[100_000], strict=True))
    assert (0 < read < 80 * SLOT, 0 < written < 40 * SLOT) == (True, True), (cost, SLOT)


# damage


@pytest.fixture
def intact(path):
    """A table whose file holds pages of one commit, of another, and slots that are free."""
    write(path, revision(0), b"0")
    commit(path, 1)
    return path.read_bytes()


def said_of(path, damaged):
    """What tables that are damaged say, each of which is right or says so."""
    said = []
    for file in damaged:
        path.write_bytes(file)
        said.append(content(path, b"1"))
        assert said[-1] in (None, revision(1))
    return said


def test_a_flipped_bit_anywhere_is_noticed_where_it_matters(path, intact):
    generator = random.Random(1)

    def flipped(at):
        return intact[:at] + bytes([intact[at] ^ 1 << generator.randrange(8)]) + intact[at + 1 :]

    assert said_of(path, (flipped(at) for at in range(24))) == [None] * 24  # the first pointer
    said = said_of(path, (flipped(at) for at in range(24, len(intact), 23)))
    assert 0.2 < said.count(None) / len(said) < 1  # the rest is in no page, or in none that is in use


def test_a_table_that_is_cut_off_anywhere_is_noticed(path, intact):
    said = said_of(path, (intact[:size] for size in range(0, len(intact), 211)))
    assert said.count(None) > len(said) / 2


def test_pages_in_each_others_place_are_noticed(path, intact):
    slots = [intact[at : at + SLOT] for at in range(0, len(intact), SLOT)]

    def swapped(one, other):
        return b"".join(slots[{one: other, other: one}.get(at, at)] for at in range(len(slots)))

    said = said_of(path, (swapped(one, other) for one in range(len(slots)) for other in range(one)))
    assert said.count(None) > len(said) / 2


@pytest.mark.parametrize("size", [0, 1, 23, 24, 25, SLOT, 3 * SLOT])
@pytest.mark.parametrize("byte", [b"\0", b"\1", b"\xff"])
def test_a_file_of_anything_else_is_no_table(path, byte, size):
    path.write_bytes(byte * size)
    assert store.open_any(path) is None


@pytest.fixture(scope="module")
def commits(tmp_path_factory):
    """The bytes of a table's file after each of some commits."""
    path = tmp_path_factory.mktemp("commits") / "table"
    write(path, revision(0), b"0")
    files = [path.read_bytes()]
    for number in range(1, 4):
        commit(path, number)
        files.append(path.read_bytes())
    return files


@pytest.fixture(scope="module")
def twins(tmp_path_factory):
    """The bytes of two tables with the same label and the same keys, of the same size."""
    path = tmp_path_factory.mktemp("twins") / "table"
    files = []
    for number in (1, 2):
        write(path, revision(number), b"label")
        files.append(path.read_bytes())
    return files


def mixed(data, files):
    """A file whose slots are from any of some files, and which may end anywhere."""
    count = max(map(len, files)) // SLOT + 1
    sources = data.draw(st.lists(st.sampled_from(files), min_size=count, max_size=count))
    mixture = b"".join(
        source[at * SLOT : (at + 1) * SLOT].ljust(SLOT, b"\0") for at, source in enumerate(sources[:-1])
    ) + sources[-1][(count - 1) * SLOT :]  # fmt: skip
    return mixture[: data.draw(st.just(len(mixture)) | st.integers(0, len(mixture)))]


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_whichever_pages_of_which_commit_a_power_cut_leaves_it_is_one_commit_or_damaged(
    commits, tmp_path_factory, data
):
    path = tmp_path_factory.getbasetemp() / "table"
    path.write_bytes(mixed(data, commits))
    for number in range(len(commits)):
        assert content(path, b"%d" % number) in (None, revision(number))


@settings(deadline=None, max_examples=300)
@given(data=st.data())
def test_pages_of_another_table_below_the_root_are_damage_even_under_the_same_label(twins, tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "table"
    path.write_bytes(mixed(data, twins))
    assert content(path, b"label") in (None, revision(1), revision(2))


def test_damage_that_a_commit_meets_is_no_error_and_is_not_kept(path):
    made = {b"%04d" % n: b"x" * 100 for n in range(1000)}
    write(path, made, b"1")
    file = bytearray(path.read_bytes())
    file[3 * SLOT + 100] ^= 1
    path.write_bytes(file)

    with closing(opened(path)) as below:
        table = Table(below)
        table.apply(dict.fromkeys(made, b"y"))
        assert not store.write(path, table, b"2")
    assert content(path, b"2") is None

    write(path, revision(2), b"2")  # as whoever does without it does
    assert content(path, b"2") == revision(2)


# others at the same time, and the end of a process


def test_who_opened_it_before_a_commit_reads_on(path):
    write(path, revision(0), b"0")
    for number in range(1, 30):
        found = opened(path)
        commit(path, number)
        assert all_of(found) == revision(number - 1)


def test_who_opened_it_long_ago_is_told(path):
    write(path, revision(0), b"0")
    found = opened(path)
    for number in range(1, 20):
        commit(path, number)
    assert all_of(found) is None


def test_a_table_that_another_took_the_place_of_is_not_written_to(path):
    write(path, revision(0), b"0")
    with closing(opened(path)) as below:
        commit(path, 1)
        table = Table(below)
        table.apply({b"lost": b""})
        assert not store.write(path, table, b"2")
    assert content(path, b"1") == revision(1)


def writing(path: Path, number: int) -> "subprocess.Popen[bytes]":
    """A process that commits one revision after another, and names each beforehand."""
    command = [sys.executable, "-m", "tests.store.tables", str(path), f"{number}"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


def killed(path: Path, number: int, *, after_seconds: float) -> int:
    """Kill a process that commits one revision after another; returns the one that it was about to make."""
    with writing(path, number) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(after_seconds)
        process.send_signal(signal.SIGKILL)
        return int([first, *process.stdout.read().split()][-1])


def test_after_a_kill_at_any_moment_it_is_the_old_table_or_the_new_one(path):
    generator = random.Random(1)
    write(path, revision(0), b"0")
    number, made = 0, []
    for _ in range(15):
        last = killed(path, number, after_seconds=generator.uniform(0, 0.03))
        with closing(opened(path)) as found:
            number = int(found.label)
        assert content(path, b"%d" % number) == revision(number)
        made.append(last - number)
    assert set(made) | {0} == {0, 1}  # 1: it was about to


def test_a_reader_beside_a_writer_finds_one_revision_whole_or_is_told(path):
    write(path, revision(0), b"0")
    seen: set[bytes] = set()
    with writing(path, 0) as process:
        deadline = time.monotonic() + 60
        while len(seen) < 50 and time.monotonic() < deadline:
            found = store.open_any(path)
            if found is not None and (said := all_of(found)) is not None:
                assert said == revision(int(found.label))
                seen.add(found.label)
        process.kill()
        process.communicate()
    assert len(seen) == 50


# where it cannot be written


@pytest.mark.parametrize("trouble", ["no folder", "a folder in its place", "a file in its folder's place"])
def test_a_table_that_cannot_be_written_is_no_error(tmp_path, trouble):
    path = tmp_path / "mha" / "table"
    match trouble:
        case "a folder in its place":
            (path / "folder").mkdir(parents=True)
        case "a file in its folder's place":
            path.parent.write_text("")
    table = Table()
    table.apply(revision(0))

    assert not store.write(path, table, b"0")

    assert store.open_any(path) is None
    assert [name for _, _, names in os.walk(tmp_path) for name in names if "table" in name] == []


def test_a_table_that_was_deleted_meanwhile_stays_deleted(path):
    write(path, revision(0), b"0")
    with closing(opened(path)) as below:
        path.unlink()
        assert not store.write(path, Table(below), b"1")
    assert os.listdir(path.parent) == []


def is_written(path, *, anew):
    """Whether revision 1, which is larger, can be written where revision 0 stands."""
    with closing(opened(path)) as below:
        table = Table() if anew else Table(below)
        table.apply(revision(1, entries=400))
        return store.write(path, table, b"1")


@pytest.mark.parametrize("anew", [False, True], ids=["a commit", "anew"])
def test_on_a_full_disk_it_stays_as_it_was(tmpfs, anew):
    disk = tmpfs("256k")
    path, filler = disk / "table", disk / "filler"
    write(path, revision(0), b"0")
    room = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize
    for left in range(0, room, SLOT):
        filler.write_bytes(b"x" * (room - left))
        if is_written(path, anew=anew):
            break
        assert (content(path, b"0"), content(path, b"1")) == (revision(0), None)
        assert sorted(os.listdir(disk)) == ["filler", "table"]
    assert left > 4 * SLOT
    assert content(path, b"1") == revision(1, entries=400)


def test_a_value_for_which_the_disk_has_room_in_part_leaves_it_as_it_was(tmpfs):
    path = tmpfs("256k") / "table"
    write(path, revision(0), b"0")
    commit(path, 1)  # it leaves slots in which all the rest has room
    room = os.statvfs(path.parent).f_bavail * os.statvfs(path.parent).f_bsize
    path.with_name("filler").write_bytes(b"x" * (room - 2 * SLOT))

    with closing(opened(path)) as below:
        table = Table(below)
        table.apply({b"large": b"x" * 30 * SLOT})
        assert not store.write(path, table, b"2")
    assert content(path, b"1") == revision(1)


@pytest.mark.parametrize("anew", [False, True], ids=["a commit", "anew"])
def test_on_a_disk_that_is_read_only_it_can_be_read(tmpfs, anew):
    path = tmpfs("256k") / "table"
    write(path, revision(0), b"0")
    subprocess.run(["mount", "-o", "remount,ro", str(path.parent)], check=True)

    assert not is_written(path, anew=anew)
    assert content(path, b"0") == revision(0)
