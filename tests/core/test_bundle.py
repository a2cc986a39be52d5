"""The head of a backup: what is composed is parsed, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mha.core import bundle
from mha.core.bundle import Contents, Malformed

A, B, C, D = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)
IDS = st.text("0123456789abcdef", min_size=40, max_size=40)
NUMBERS = st.integers(1, 999_999_999).map(str)
CONTENTS = st.builds(
    Contents,
    main=IDS,
    server=st.just("fw-a"),
    introduction=IDS,
    sides=st.lists(IDS, unique=True, max_size=5).map(tuple),
    drafts=st.dictionaries(NUMBERS, IDS, max_size=5).map(lambda found: tuple(found.items())),
    since=st.lists(IDS, max_size=2).map(tuple),
)


def head(*lines: str, signature: str = "# v2 git bundle") -> bytes:
    return "\n".join([signature, *lines]).encode() + b"\n\n"


@given(CONTENTS)
def test_what_is_composed_is_parsed_again(contents):
    composed = bundle.compose(contents)

    assert bundle.parse(composed) == contents
    assert bundle.head_of(composed + b"PACK\n\nmore") == composed


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_and_nothing_worse(data):
    with pytest.raises(Malformed):
        bundle.parse(bundle.head_of(data))


def test_a_bundle_that_git_made_of_a_home_is_understood():
    text = head(
        f"-{C} Begin the cluster acme",
        f"{A} HEAD", f"{A} refs/heads/main", f"{B} refs/mha/server/fw-a", f"{A} refs/mha/current",
    )  # fmt: skip

    assert bundle.parse(text) == Contents(A, "fw-a", B, since=(C,))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (head(f"{A} refs/heads/main", signature="# v3 git bundle"), "second form"),
        (head(f"{A} refs/heads/main", signature=""), "second form"),
        (head(f"{A} HEAD"), "holds no main"),
        (head(f"{B} HEAD", f"{A} refs/heads/main"), "its HEAD is not its main"),
        (head(f"{A} refs/heads/main", f"{B} refs/heads/main"), "refs/heads/main twice"),
        (head(f"{A} refs/heads/main", f"{B} refs/heads/other"), "refs/heads/other"),
        (head(f"{A} refs/heads/main", f"{B} refs/mha/keep/{C}"), "no backup has"),
        (head(f"{A} refs/heads/main", f"{B} refs/mha/drafts/../../heads/x"), "no backup has"),
        (head(f"{A} refs/heads/main", f"{B} refs/mha/drafts/0"), "no backup has"),
        (head(f"{A} refs/heads/main", f"{B} refs/mha/server/FW A"), "no backup has"),
        (head(f"{A} refs/heads/main", f"{B} refs/mha/server/a\x1b[2J"), r"\\x1b"),
        (head(f"{A} refs/heads/main", f"{B} refs/mha/server/a", f"{B} refs/mha/server/b"), "more than one server"),
        (head(f"{A[:39]} refs/heads/main"), "no backup has"),
        (head(f"{A.upper()} refs/heads/main"), "no backup has"),
        (head("-HEAD", f"{A} refs/heads/main"), "no id"),
        (head(f"{A} refs/heads/main", *(f"{n:040x} refs/mha/keep/{n:040x}" for n in range(101))), "more than 100"),
    ],
)
def test_a_head_that_no_mha_writes_is_refused_as_a_whole(text, why):
    with pytest.raises(Malformed, match=why):
        bundle.parse(text)


def test_a_head_without_an_end_is_refused():
    with pytest.raises(Malformed, match="no end"):
        bundle.head_of(b"# v2 git bundle\n" + f"{A} refs/heads/main\n".encode() * 3)


@pytest.mark.parametrize(
    ("files", "drafts"),
    [
        pytest.param([("fw-a", {"1": A})], {"1": A}, id="one file"),
        pytest.param([("fw-a", {"1": A, "2": B}), ("fw-a", {"1": A, "2": C})], {"1": A, "2": C}, id="the last counts"),
        pytest.param([("fw-a", {"1": A}), ("fw-b", {})], {"1": A}, id="another server has its own"),
        pytest.param([("fw-a", {"1": A}), ("fw-b", {"1": B})], {"1": B, "2": A}, id="both have a number"),
        pytest.param([("fw-a", {"1": A}), ("fw-b", {"3": A})], {"3": A}, id="both have a draft"),
        pytest.param(
            [("fw-a", {"1": D}), ("fw-b", {"1": B}), ("fw-a", {"1": A, "2": C})], {"1": A, "2": C, "3": B}, id="in turn"
        ),
    ],
)
def test_of_each_server_the_drafts_of_its_last_file_count(files, drafts):
    contents = [Contents(A, server, B, drafts=tuple(found.items())) for server, found in files]

    assert bundle.drafts_of(contents) == drafts
