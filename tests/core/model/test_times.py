"""Times as minutes of a week, against a walk through the minutes, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mha.core.model import times
from mha.core.model.spans import EMPTY, NotUnderstood, complement, size

DAY = 24 * 60
WINDOWS = {
    # days, start, end: the minutes, counted from Monday
    "office hours": (["mon", "tue"], "06:30", "18:30", ((390, 1109), (DAY + 390, DAY + 1109))),
    "past midnight": (["mon"], "20:00", "05:30", ((1200, DAY + 329),)),
    "past midnight on Sunday": (["sun"], "20:00", "05:30", ((0, 329), (6 * DAY + 1200, 7 * DAY - 1))),
    "to midnight": (["mon"], "20:00", "24:00", ((1200, DAY - 1),)),
    "to midnight, written as the next day's": (["mon"], "20:00", "00:00", ((1200, DAY - 1),)),
    "a whole day": (["wed"], "00:00", "24:00", ((2 * DAY, 3 * DAY - 1),)),
    "24 hours": (["mon"], "06:00", "06:00", ((360, DAY + 359),)),
    "24 hours, every day": (times.DAYS, "06:00", "06:00", ((0, 7 * DAY - 1),)),
    "a minute": (["mon"], "00:00", "00:01", ((0, 0),)),
    "no day": ([], "06:00", "18:00", EMPTY),
    "a day twice": (["mon", "mon"], "06:00", "07:00", ((360, 419),)),
}


@pytest.mark.parametrize(("days", "start", "end", "expected"), WINDOWS.values(), ids=WINDOWS)
def test_the_minutes_of_a_window(days, start, end, expected):
    assert times.numbers(days, start, end) == expected


def test_a_day_without_hours_is_the_whole_day():
    assert times.numbers(["mon"]) == ((0, DAY - 1),)


clocks = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.integers(0, 59))
day_sets = st.sets(st.sampled_from(times.DAYS))


def walked(days, start, end):
    """The minutes of a week that lie in a window, by going from its start to its end."""
    minutes = set()
    for day in days:
        hour, minute, number = int(start[:2]), int(start[3:]), times.DAYS.index(day)
        while True:
            minutes.add(number * DAY + hour * 60 + minute)
            minute += 1
            if minute == 60:
                hour, minute = hour + 1, 0
            if hour == 24:
                number, hour = (number + 1) % 7, 0
            if f"{hour:02}:{minute:02}" == end:
                break
    return minutes


@given(days=day_sets, start=clocks, end=clocks)
def test_a_window_is_what_a_walk_from_its_start_to_its_end_passes(days, start, end):
    found = times.numbers(days, start, end)
    assert {minute for first, last in found for minute in range(first, last + 1)} == walked(days, start, end)


A_CLOCK = 'Write "06:30", from "00:00" to "23:59".'
REFUSED = {
    "a day by its long name": (["monday"], "06:00", "`monday` is not a day.", f"Write one of {', '.join(times.DAYS)}."),
    "hours without a zero": (["mon"], "6:00", "`6:00` is not a time of day.", A_CLOCK),
    "minutes over 59": (["mon"], "06:60", "`06:60` is not a time of day.", A_CLOCK),
    "hours over 23": (["mon"], "25:00", "`25:00` is not a time of day.", A_CLOCK),
    "a start at the end of the day": (["mon"], "24:00", "`24:00` is not a time of day.", A_CLOCK),
    "seconds": (["mon"], "06:00:00", "`06:00:00` is not a time of day.", A_CLOCK),
    "a line break": (["mon"], "06:00\n", "`06:00\n` is not a time of day.", A_CLOCK),
    "other digits": (["mon"], "\u0660\u0666:00", "`\u0660\u0666:00` is not a time of day.", A_CLOCK),
}


@pytest.mark.parametrize(("days", "start", "problem", "hint"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_time_is_refused_with_what_to_write(days, start, problem, hint):
    with pytest.raises(NotUnderstood) as caught:
        times.numbers(days, start, "18:00")
    assert (caught.value.problem, caught.value.hint) == (problem, hint)


TEXTS = {
    "mon 06:30-18:30": (["mon"], "06:30", "18:30"),
    "mon 20:00-05:30": (["mon"], "20:00", "05:30"),
    "sun 20:00-05:30": (["sun"], "20:00", "05:30"),
    "mon 20:00-24:00": (["mon"], "20:00", "00:00"),
    "mon 06:00-06:00": (["mon"], "06:00", "06:00"),
    "mon 00:00 to tue 24:00": (["mon", "tue"], "00:00", "24:00"),
    "sat 06:00 to mon 06:00": (["sat", "sun"], "06:00", "06:00"),
    "any": (times.DAYS, "00:00", "24:00"),
    "nothing": ([], "00:00", "24:00"),
}


@pytest.mark.parametrize(("text", "window"), TEXTS.items(), ids=TEXTS)
def test_minutes_become_text_that_people_read(text, window):
    assert times.text(times.numbers(*window)) == text


@given(days=day_sets, start=clocks, end=clocks)
def test_as_many_windows_are_shown_as_there_are_gaps_between_them(days, start, end):
    numbers = times.numbers(days, start, end)
    gaps = complement(numbers, times.EVERY)
    around = len(gaps) > 1 and gaps[0][0] == 0 and gaps[-1][1] == times.EVERY[1]
    shown = times.text(numbers)
    assert shown in ("any", "nothing") or shown.count(",") + 1 == len(gaps) - around


def test_a_week_has_10080_minutes():
    assert size((times.EVERY,)) == 10080
