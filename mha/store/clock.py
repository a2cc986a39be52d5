"""The time, for showing and for dates of revisions. Nothing is decided by it."""

import os
from datetime import UTC, datetime, timedelta

from mha.errors import InvalidNow


def now() -> datetime:
    """The time now, in UTC and whole seconds; MHA_NOW sets it, so that a story can be told twice the same."""
    fixed = os.environ.get("MHA_NOW")
    if not fixed:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(fixed)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidNow(fixed) from error
    if not 1970 <= moment.year < 2100:  # git has no dates before, and older ones none long after
        raise InvalidNow(fixed)
    return moment


def day(*, later: int = 0) -> str:
    """The date now, or some days later, as YYYY-MM-DD; in UTC, so that it is the same on all servers."""
    return (now() + timedelta(days=later)).date().isoformat()


def iso(moment: datetime) -> str:
    """A time as reports carry it."""
    return moment.isoformat(timespec="seconds")


def in_utc(moment: datetime) -> str:
    """A time as sentences and tables show it."""
    return iso(moment.astimezone(UTC)).replace("+00:00", "Z")
