"""Which files look as a power cut leaves those that an editor did not sync."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mha.core.wholeness import BLOCK_BYTES, Loss, loss, lost

TEXT = b"hosts:\n  web-01: 10.1.0.10\n"
BLOCK = (b"x" * 63 + b"\n") * 7 + b"x" * 64  # a whole block, the last line without its end


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        pytest.param("a.yaml", TEXT, None, id="whole"),
        pytest.param("a.yaml", TEXT.rstrip(), None, id="without an end of its last line"),
        pytest.param("a.yaml", b"\n", None, id="a line and nothing in it"),
        pytest.param("a.yaml", b"", Loss.EMPTY, id="empty"),
        pytest.param("notes.txt", b"", Loss.EMPTY, id="empty, of any kind"),
        pytest.param("a.yaml", b"\0" * 27, Loss.NULS, id="all NUL"),
        pytest.param("a.yaml", TEXT + b"\0", Loss.NULS, id="a text with a NUL at its end"),
        pytest.param("notes.txt", "ünïcode".encode() + b"\0" * 4096, Loss.NULS, id="a text of any kind with NULs"),
        pytest.param("a.zip", b"PK\5\6" + b"\xff\0" * 9, None, id="an archive ends in NULs"),
        pytest.param("a.tar", b"name\0\0\0text" + b"\0" * 1024, None, id="NULs within as well: no text"),
        pytest.param("a.yaml", BLOCK, Loss.CUT, id="ends within a line at a block's end"),
        pytest.param("a.YML", BLOCK * 8, Loss.CUT, id="the same after several blocks"),
        pytest.param("a.yaml", BLOCK[:-1] + b"\n", None, id="a line ends where the block ends"),
        pytest.param("a.yaml", BLOCK[:-1], None, id="ends within a line elsewhere"),
        pytest.param("key.bin", BLOCK, None, id="only YAML is made of lines"),
    ],
)
def test_what_a_file_seems_to_have_lost(path, content, expected):
    assert loss(path, content) is expected


@pytest.mark.parametrize(
    ("published", "draft", "expected"),
    [
        pytest.param(TEXT, b"", Loss.EMPTY, id="emptied"),
        pytest.param(None, b"", Loss.EMPTY, id="new and empty"),
        pytest.param(b"", b"", None, id="published empty, perhaps with other permissions"),
        pytest.param(TEXT, TEXT + b"a: 1\n", None, id="edited"),
        pytest.param(TEXT, b"\0" * len(TEXT), Loss.NULS, id="filled with NULs"),
        pytest.param(TEXT + b"\0", b"other\0", None, id="ended in NULs before"),
        pytest.param(b"", b"\0", Loss.NULS, id="lost in another way"),
        pytest.param(TEXT, BLOCK, Loss.CUT, id="cut"),
        pytest.param(BLOCK, BLOCK * 2, None, id="its lines never had an end"),
    ],
)
def test_what_is_published_already_is_no_loss(published, draft, expected):
    assert lost("a.yaml", published=published, draft=draft) is expected


@given(st.binary(max_size=40), st.integers(1, 3 * BLOCK_BYTES))
def test_every_text_that_a_cut_filled_with_nuls_is_found(text, size):
    whole = text.replace(b"\0", b"").decode("utf-8", "ignore").encode()

    assert loss("a.yaml", whole + b"\0" * size) is Loss.NULS


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1).map(lambda text: f"{text}\n".encode())
)
def test_no_text_whose_last_line_ends_is_taken_for_cut(text):
    assert loss("a.yaml", text) is None
