"""Reverting: one revision takes back an earlier one or a range, and names the later ones that are in the way."""

from collections.abc import Callable

import pytest

from mha.core.changes import Action, Change
from mha.errors import (
    CannotRevert,
    ControlCharacters,
    DraftInTheWay,
    EmptyMessage,
    ExitCode,
    InvalidConfiguration,
    InvalidModel,
    InvalidRange,
    Later,
    NotOfThisSide,
    Overlap,
    ReadOnlyServer,
    ResolutionReverted,
    UnknownRevision,
)
from mha.ids import short
from mha.operations import history, resolution, reverting, verification
from mha.operations.publication import Published
from mha.operations.resolution import Wish
from tests.cluster import JANA, Cluster, Server

HOSTS = "objects/hosts.yaml"
NETWORKS = "objects/networks.yaml"
HOST = "hosts:\n  web-01: {}\n  web-02: 10.1.0.11\n"


@pytest.fixture
def pair(make_cluster: Callable[..., Cluster]) -> Cluster:
    """Two servers, fw-a Active at revision 2."""
    return make_cluster("fw-a", "fw-b")


@pytest.fixture
def busy(pair: Cluster) -> Cluster:
    """Revisions 3 to 6: web-01 moves, a network comes, web-01 moves again, a file comes."""
    active = pair["fw-a"]
    active.publish_edit(HOSTS, HOST.format("10.1.0.20"), "Third")
    active.publish_edit(NETWORKS, "networks:\n  dmz: 10.1.0.0/24\n  lan: 10.2.0.0/24\n", "Fourth")
    active.publish_edit(HOSTS, HOST.format("10.1.0.30"), "Fifth\n\nMore words")
    active.publish_edit("objects/new.yaml", "x-a: 1\n", "Sixth")
    return pair


def heads(cluster: Cluster) -> set[str]:
    return {server.head for server in cluster.servers.values()}


def revert(server: Server, text: str, message: str = "Undo it", **options) -> Published:
    return reverting.revert(server.home, text, message=message, author=JANA, **options)


def named(server: Server, revision: int | str, subject: str = "A change") -> Later:
    """A later revision, as a refusal names it."""
    entry = history.show(server.home, str(revision)).entry
    return Later(entry.revision, short(entry.id), "Jana Doe", subject)


def test_a_revert_publishes_the_opposite_of_one_revision(pair):
    active = pair["fw-a"]
    before = active.served()
    active.publish_edit(HOSTS, "hosts: {}\n")
    active.publish_edit("objects/new.yaml", "x-a: 1\n")

    done = revert(active, "3")

    assert (done.revision, done.changes) == (5, (Change(HOSTS, Action.MODIFIED),))
    assert active.served() == before | {"objects/new.yaml": b"x-a: 1\n"}
    assert active.draft() == active.served() == pair["fw-b"].served()
    assert heads(pair) == {active.head}


def test_a_revert_takes_back_lines_and_leaves_later_lines(pair):
    active = pair["fw-a"]
    lines = [f"line-{n}: {n}\n" for n in range(9)]
    active.publish_edit("a.yaml", "".join(lines))
    active.publish_edit("a.yaml", "".join(["first: 0\n", *lines[1:]]))
    active.publish_edit("a.yaml", "".join(["first: 0\n", *lines[1:8], "last: 8\n"]))

    revert(active, "4")

    assert active.served()["a.yaml"].decode() == "".join([*lines[:8], "last: 8\n"])


def test_a_revert_leaves_the_draft_alone(pair):
    active = pair["fw-a"]
    active.publish_edit(HOSTS, "hosts: {}\n")
    active.edit("policies/main.yaml", "x-rules: []\n")

    revert(active, "3")

    assert history.diff(active.home).changes == (Change("policies/main.yaml", Action.MODIFIED),)


def test_a_revert_does_not_overwrite_an_edit(pair):
    active = pair["fw-a"]
    active.publish_edit(HOSTS, "hosts: {}\n")
    active.edit(HOSTS, "hosts: {mine: 10.0.0.1}\n")

    with pytest.raises(DraftInTheWay):
        revert(active, "3")

    assert active.record.revision == 3
    assert active.draft()[HOSTS] == b"hosts: {mine: 10.0.0.1}\n"


def test_what_later_revisions_changed_again_is_not_reverted(pair):
    active = pair["fw-a"]
    active.publish_edit(HOSTS, "hosts: {a: 10.0.0.1}\n")
    active.publish_edit(HOSTS, "hosts: {a: 10.0.0.2}\n")

    with pytest.raises(CannotRevert) as raised:
        revert(active, "3")

    assert raised.value.overlaps == (Overlap(HOSTS, ("host a",), (named(active, 4),)),)
    assert active.record.revision == 4


def test_reverting_what_changed_no_file_publishes_nothing(pair):
    pair["fw-b"].promote()
    head = pair["fw-b"].head

    done = revert(pair["fw-b"], "3")

    assert done == Published(None, None, ())
    assert pair["fw-b"].head == head


def test_the_revision_that_listed_a_server_can_be_reverted_and_the_first_one_cannot(pair):
    active = pair["fw-a"]

    revert(active, "2")
    with pytest.raises(InvalidConfiguration, match=r"mha\.yaml is deleted; a cluster needs it\."):
        revert(active, "1")

    assert active.status().peers == ()
    assert active.record.revision == 3


def test_a_standby_reverts_nothing(pair):
    with pytest.raises(ReadOnlyServer):
        revert(pair["fw-b"], "2")


def test_a_range_is_taken_back_by_one_revision_with_both_its_ends(busy):
    active = busy["fw-a"]

    done = revert(active, "3..5")

    assert (done.revision, done.changes) == (7, (Change(HOSTS, Action.MODIFIED), Change(NETWORKS, Action.MODIFIED)))
    assert [change.subject for change in done.objects] == ["host web-01", "network lan"]
    assert history.diff(active.home, "2", "7").changes == (Change("objects/new.yaml", Action.ADDED),)
    assert heads(busy) == {active.head}
    assert verification.verify(active.home).findings == ()


@pytest.mark.parametrize("form", ["#4..#6", " 4 .. 6 ", "{4}..{6}", "4..{6}"])
def test_the_ends_of_a_range_are_named_as_any_revision_is(busy, form):
    ids = {number: history.show(busy["fw-a"].home, str(number)).entry.id[:8] for number in (4, 6)}
    text = form.replace("{4}", ids[4]).replace("{6}", ids[6])

    done = revert(busy["fw-a"], text)

    assert [change.path for change in done.changes] == [HOSTS, NETWORKS, "objects/new.yaml"]


def test_a_range_of_one_is_that_revision(busy):
    assert revert(busy["fw-a"], "4..4").changes == (Change(NETWORKS, Action.MODIFIED),)


def test_what_came_and_went_within_a_range_is_nothing_to_take_back(busy):
    active = busy["fw-a"]
    active.publish_edit("objects/new.yaml", None)
    head = active.head

    assert revert(active, "6..7") == Published(None, None, ())
    assert active.head == head


def test_a_range_taken_back_twice_changes_nothing_the_second_time(busy):
    revert(busy["fw-a"], "3..6")
    assert revert(busy["fw-a"], "3..6") == Published(None, None, ())


def test_a_revert_is_reverted_like_any_revision(busy):
    active = busy["fw-a"]
    before = active.served()
    revert(active, "3..6")

    revert(active, "7")

    assert active.served() == before


def test_a_changeover_within_a_range_is_passed_over(busy):
    second = busy["fw-b"]
    second.promote()
    second.publish_edit("objects/more.yaml", "x-b: 1\n")

    done = revert(second, "6..8")

    assert {change.path for change in done.changes} == {"objects/new.yaml", "objects/more.yaml"}
    assert second.record.revision == 9


def test_every_later_revision_that_changed_the_same_is_named_the_newest_first_and_no_other(busy):
    active = busy["fw-a"]
    active.publish_edit(HOSTS, HOST.format("10.1.0.40"), "Seventh")
    before = heads(busy)

    for text, subjects in {"3..4": ["Seventh", "Fifth"], "3..5": ["Seventh"]}.items():
        with pytest.raises(CannotRevert) as raised:
            revert(active, text)
        assert [overlap[:2] for overlap in raised.value.overlaps] == [(HOSTS, ("host web-01",))]
        assert [each.subject for each in raised.value.overlaps[0].later] == subjects

    assert heads(busy) == before
    assert active.draft() == active.served()


def test_the_refusal_says_which_file_object_and_revision_and_what_to_do(busy):
    active = busy["fw-a"]
    fifth = short(history.show(active.home, "5").entry.id)

    done = active.mha("revert", "3", "-m", "Undo")

    assert (done.returncode, done.stdout) == (ExitCode.ERROR, "")
    assert done.stderr.splitlines() == [
        "Error: Revision 3 cannot be reverted: later ones changed the same. Nothing was published.",
        f"  {HOSTS} (host web-01)",
        f"      5  {fifth}  Jana Doe  Fifth",
        (
            "Hint: Revert the later ones first, the newest of them before the others, or undo it by hand: "
            "`mha show 3 --lines` shows what it changed; edit work/ and publish."
        ),
    ]


def test_a_long_refusal_is_cut_and_says_how_much_is_left(busy):
    active = busy["fw-a"]
    for n in range(12):
        active.edit(f"objects/more-{n:02}.yaml", "x-a: 1\n")
    active.publish()
    for value in range(2, 14):
        active.publish_edit("objects/more-00.yaml", f"x-a: {value}\n")
    for n in range(1, 12):
        active.edit(f"objects/more-{n:02}.yaml", "x-a: 2\n")
    active.publish()

    with pytest.raises(CannotRevert) as raised:
        revert(active, "6..7")

    lines = raised.value.message.splitlines()
    assert lines[0].startswith("Revisions 6..7 cannot be reverted")
    assert (lines[12], lines[-1], len(lines)) == ("         and 2 more", "  and 2 more files", 1 + 12 + 9 * 2 + 1)
    assert "`mha show REV --lines`" in raised.value.hint


def test_following_the_hint_takes_the_revision_back(busy):
    revert(busy["fw-a"], "5")
    revert(busy["fw-a"], "3")
    assert b"web-01: 10.1.0.10\n" in busy["fw-b"].served()[HOSTS]


def test_a_file_that_was_deleted_later_is_in_the_way_and_who_deleted_it_is_named(busy):
    active = busy["fw-a"]
    active.publish_edit("objects/new.yaml", "x-a: 2\n")
    active.publish_edit("objects/new.yaml", None)

    with pytest.raises(CannotRevert) as raised:
        revert(active, "7")

    assert raised.value.overlaps == (Overlap("objects/new.yaml", (), (named(active, 8),)),)


def test_who_changed_other_objects_of_the_file_is_not_named(busy):
    active = busy["fw-a"]
    web = active.draft()[HOSTS].decode()
    active.publish_edit(HOSTS, web + "  db-01: 10.1.0.90\n", "Another host")

    with pytest.raises(CannotRevert) as raised:
        revert(active, "3")

    assert [each.subject for each in raised.value.overlaps[0].later] == ["Fifth"]


def test_of_very_many_later_revisions_all_that_changed_the_file_are_named(busy, monkeypatch):
    active = busy["fw-a"]
    active.publish_edit(HOSTS, active.draft()[HOSTS].decode() + "  db-01: 10.1.0.90\n", "Another host")
    monkeypatch.setattr(reverting, "_MOST_READ", 1)

    with pytest.raises(CannotRevert) as raised:
        revert(active, "3")

    assert [each.subject for each in raised.value.overlaps[0].later] == ["Another host", "Fifth"]


def test_lines_next_to_each_other_name_the_objects_that_were_to_go(busy):
    active = busy["fw-a"]
    networks = active.draft()[NETWORKS].decode()
    active.publish_edit(NETWORKS, networks + "  more: 10.3.0.0/24\n")

    with pytest.raises(CannotRevert) as raised:
        revert(active, "4")

    assert raised.value.overlaps == (Overlap(NETWORKS, ("network lan",), (named(active, 7),)),)


@pytest.mark.parametrize("text", ["3..5", "4"])
def test_a_dry_run_says_what_the_publish_would_say_and_changes_nothing(busy, text):
    active = busy["fw-a"]
    active.edit("objects/mine.yaml", "x-mine: 1\n")
    before, draft, files = heads(busy), active.draft(), active.served()

    planned = revert(active, text, dry_run=True, lines=True)

    assert (heads(busy), active.draft(), active.served()) == (before, draft, files)
    done = revert(active, text, lines=True)
    assert planned == Published(None, None, done.changes, lines=done.lines, objects=done.objects)
    assert "+  web-01: 10.1.0.10\n" in planned.lines or text == "4"
    assert "-  lan: 10.2.0.0/24\n" in planned.lines


def test_a_dry_run_is_refused_where_the_publish_would_be(busy):
    active = busy["fw-a"]
    active.publish_edit("objects/group.yaml", "groups: {all: [lan]}\n")

    with pytest.raises(InvalidModel):
        revert(active, "4", dry_run=True)
    with pytest.raises(CannotRevert):
        revert(active, "3", dry_run=True)
    active.edit(NETWORKS, "networks: {}\n")
    with pytest.raises(DraftInTheWay):
        revert(active, "4..5", dry_run=True)


@pytest.mark.parametrize("text", ["3..", "..3", "..", "5..3"])
def test_what_is_no_range_is_refused(busy, text):
    with pytest.raises(InvalidRange) as raised:
        revert(busy["fw-a"], text)
    assert raised.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize("text", ["3..99", "99..3", "3...5", "3..5..6", "3-5"])
def test_an_end_that_is_no_revision_is_said_to_be_none(busy, text):
    with pytest.raises(UnknownRevision):
        revert(busy["fw-a"], text)


def test_a_range_from_the_first_revision_on_would_delete_mha_yaml_and_is_refused(busy):
    with pytest.raises(InvalidConfiguration, match=r"mha\.yaml is deleted"):
        revert(busy["fw-a"], "1..6")


def test_an_accepted_error_needs_words_that_fit_into_the_record(busy):
    accepted = {"dangling": "x\0y"}
    with pytest.raises(ControlCharacters):
        revert(busy["fw-a"], "4", accepted=accepted)
    with pytest.raises(EmptyMessage):
        revert(busy["fw-a"], "4", message=" ")


@pytest.fixture
def collided(pair: Cluster) -> Cluster:
    """fw-a published 3 and 4, fw-b took over as 3 and published 4 and 5; each sees the other again."""
    pair.isolate("fw-a")
    pair["fw-a"].publish_edit(HOSTS, HOST.format("10.1.0.20"), "Ours")
    pair["fw-a"].publish_edit(HOSTS, HOST.format("10.1.0.21"), "Ours again")
    pair["fw-b"].promote(force=True)
    pair["fw-b"].publish_edit(HOSTS, HOST.format("10.1.0.30"), "Theirs")
    pair["fw-b"].publish_edit("objects/new.yaml", "x-a: 1\n", "Theirs, a file")
    pair.heal_all()
    pair["fw-a"].sync()
    return pair


def test_a_revision_of_the_other_side_is_refused_while_the_files_never_had_it(collided):
    other = history.entry(collided["fw-b"].home, collided["fw-b"].home.repository.commit(collided["fw-b"].head))
    with pytest.raises(NotOfThisSide):
        revert(collided["fw-a"], other.id)


def test_a_resolution_is_not_taken_back_alone_nor_in_a_range(collided):
    active = collided["fw-a"]
    resolution.resolve(active.home, Wish("fw-a"), author=JANA)
    active.publish_edit("objects/more.yaml", "x-b: 1\n")
    head = active.head

    for text in ("6", "6..7", "5..7", "1..6"):
        with pytest.raises(ResolutionReverted, match=r"^Revision 6 is a resolution"):
            revert(active, text)

    assert active.head == head
    assert revert(active, "7").revision == 8


def test_ends_on_two_sides_are_no_range_and_a_range_on_a_side_that_was_kept_is_one(collided):
    active = collided["fw-a"]
    first, last = history.show(active.home, active.head).entry, active.home.repository.commit(active.head).parents[0]
    theirs = collided["fw-b"].head
    resolution.resolve(active.home, Wish("fw-a"), author=JANA)

    with pytest.raises(InvalidRange):
        revert(active, f"{last}..{theirs}")
    done = revert(active, f"{last}..{first.id}")

    assert b"web-01: 10.1.0.10\n" in active.served()[HOSTS]
    assert done.revision == 7


def test_a_resolution_that_took_the_other_sides_file_is_named_with_who_changed_it_there(collided):
    active = collided["fw-a"]
    ours = active.home.repository.commit(active.head).parents[0]
    theirs = history.find(active.home, collided["fw-b"].head).parents[0]
    resolved = resolution.resolve(active.home, Wish("fw-b"), author=JANA)

    with pytest.raises(CannotRevert) as raised:
        revert(active, ours)

    (overlap,) = raised.value.overlaps
    assert (overlap.path, overlap.objects) == (HOSTS, ("host web-01",))
    assert {each.id for each in overlap.later} == {short(resolved.id or ""), short(theirs)}


def test_a_resolution_that_kept_the_file_is_not_named(collided):
    active = collided["fw-a"]
    ours, later = active.home.repository.commit(active.head).parents[0], active.head
    resolution.resolve(active.home, Wish("fw-a"), author=JANA)

    with pytest.raises(CannotRevert) as raised:
        revert(active, ours)

    assert [each.id for each in raised.value.overlaps[0].later] == [short(later)]
