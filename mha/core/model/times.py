"""Times as minutes of a week, which begins on Monday.

A window starts in its first minute and ends before the minute of its end. One that ends before it starts goes past
midnight and belongs to the day on which it starts; one that ends when it starts lasts a day. The time is that of the
gateway's wall clock: the hour that summer time skips or repeats is not treated.
"""

import re
from collections.abc import Iterable

from mha.core.model.spans import NotUnderstood, Span, Spans, spans

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 24 * 60
EVERY: Span = (0, 7 * DAY - 1)

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def numbers(days: Iterable[str], start: str = "00:00", end: str = "24:00") -> Spans:
    """The minutes of a window on each of `days`; raises NotUnderstood."""
    begins = _minute(start)
    lasts = ((DAY if end == "24:00" else _minute(end)) - begins) % DAY or DAY
    windows = [(first, first + lasts - 1) for day in days for first in [_day(day) * DAY + begins]]
    return spans(part for window in windows for part in _within_week(window))


def _minute(clock: str) -> int:
    match = _CLOCK.fullmatch(clock)
    if match is None:
        raise NotUnderstood(f"`{clock}` is not a time of day.", 'Write "06:30", from "00:00" to "23:59".')
    return int(match[1]) * 60 + int(match[2])


def _day(name: str) -> int:
    if name not in DAYS:
        raise NotUnderstood(f"`{name}` is not a day.", f"Write one of {', '.join(DAYS)}.")
    return DAYS.index(name)


def _within_week(window: Span) -> list[Span]:
    first, last = window
    if last <= EVERY[1]:
        return [window]
    return [(first, EVERY[1]), (0, last - EVERY[1] - 1)]  # Sunday's night ends on Monday


def text(numbers: Spans) -> str:
    """`mon 06:30-18:30, tue 20:00-05:30`; `any` and `nothing` where it is so."""
    if numbers == (EVERY,):
        return "any"
    return ", ".join(map(_window, _joined_at_midnight(numbers))) or "nothing"


def _joined_at_midnight(numbers: Spans) -> Spans:
    """The spans, with those at both ends of the week as one."""
    if len(numbers) < 2 or numbers[0][0] != EVERY[0] or numbers[-1][1] != EVERY[1]:
        return numbers
    return (*numbers[1:-1], (numbers[-1][0], numbers[0][1] + EVERY[1] + 1))


def _window(window: Span) -> str:
    first, last = window
    starts = f"{DAYS[first // DAY]} {_clock(first % DAY)}"
    ends = _clock(last % DAY + 1)
    if last - first < DAY:
        return f"{starts}-{ends}"
    return f"{starts} to {DAYS[last // DAY % 7]} {ends}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
