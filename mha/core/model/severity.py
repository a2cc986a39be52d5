"""How grave a finding is."""

from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"  # a publish that would add one is refused
    WARNING = "warning"
    NOTICE = "notice"
