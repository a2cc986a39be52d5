"""The clock is shown and never decided by; MHA_NOW fixes it for stories."""

from datetime import UTC, datetime, timedelta

import pytest

from mha.errors import InvalidNow
from mha.store import clock


def test_the_time_is_utc_in_whole_seconds():
    now = clock.now()
    assert (now.tzinfo, now.microsecond) == (UTC, 0)
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=5)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-23T10:00:00+00:00", "2026-11-23T10:00:00+00:00"),
        ("2026-11-23T10:00:00+02:00", "2026-11-23T08:00:00+00:00"),
        ("2026-11-23T10:00:00", "2026-11-23T10:00:00+00:00"),
        ("2026-11-23", "2026-11-23T00:00:00+00:00"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00+00:00"),
    ],
)
def test_a_fixed_time_is_taken_as_utc_unless_it_says_otherwise(monkeypatch, text, shown):
    monkeypatch.setenv("MHA_NOW", text)
    assert clock.iso(clock.now()) == shown


@pytest.mark.parametrize("text", ["yesterday", "10:00", "2026-13-01", "1700000000x"])
def test_a_time_of_another_form_is_refused(monkeypatch, text):
    monkeypatch.setenv("MHA_NOW", text)
    with pytest.raises(InvalidNow):
        clock.now()


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1969-12-31T23:59:59Z", "2100-01-01"]
)
def test_a_time_beyond_the_calendar_is_refused(monkeypatch, text):
    monkeypatch.setenv("MHA_NOW", text)
    with pytest.raises(InvalidNow):
        clock.now()
