"""Risks: services that a rule opens too wide.

The ports are those that the IANA registry assigns; which of them are risky is common advice, such as that of CIS
Critical Security Control 4 and BSI IT-Grundschutz NET.3.2: no logins in clear text, no administration from anywhere.
"""

from mha.core.model import services
from mha.core.model.cells import ANY, Cell, bounds
from mha.core.model.rules import Rule
from mha.core.model.spans import EMPTY, Spans, intersection, union

_CLEAR = {
    "ftp": "tcp/21",
    "telnet": "tcp/23",
    "tftp": "udp/69",
    "rexec": "tcp/512",
    "rlogin": "tcp/513",
    "rsh": "tcp/514",
}
_GUARDED = {  # not from anywhere
    "ssh": "tcp/22", "rpc": "tcp/135", "netbios": "tcp/137-139", "snmp": "udp/161", "ldap": "tcp/389", "smb": "tcp/445",
    "sql-server": "tcp/1433", "oracle": "tcp/1521", "nfs": "tcp/2049", "docker": "tcp/2375", "mysql": "tcp/3306",
    "rdp": "tcp/3389", "postgresql": "tcp/5432", "vnc": "tcp/5900-5909", "winrm": "tcp/5985-5986",
    "x11": "tcp/6000-6009", "redis": "tcp/6379", "kubernetes": "tcp/6443", "elasticsearch": "tcp/9200",
    "memcached": "udp/11211",
    "mongodb": "tcp/27017",
}  # fmt: skip
_NUMBERS = {name: services.numbers(text) for name, text in (_CLEAR | _GUARDED).items()}


def of(rule: Rule) -> tuple[str, str] | None:
    """What is risky about a rule that accepts, as a message and a hint."""
    if rule.action != "accept":
        return None
    if rule.service == ANY:
        return None if not _from_anywhere(rule.source) else (
            "It opens every service to any source.", "Name the services that are needed."
        )  # fmt: skip
    opened = union(part.certain for part in rule.service.parts(services.EVERY))
    clear = _named(_CLEAR, opened)
    if clear:
        return (
            f"It opens {clear}, where passwords travel in clear text.",
            "Use a service with encryption, or allow it with the reason.",
        )
    guarded = _named(_GUARDED, opened) if _from_anywhere(rule.source) else ""
    if guarded:
        return f"It opens {guarded} to any source.", "Name the sources that need it, or allow it with the reason."
    return None


def _named(risky: dict[str, str], opened: Spans) -> str:
    return ", ".join(name for name in risky if intersection(_NUMBERS[name], opened) != EMPTY)


def _from_anywhere(source: Cell) -> bool:
    """Any, all but something, or a zone of which no network is known: the internet."""
    if source.negated:
        return True
    certain, _ = bounds(source.elements)
    return certain == EMPTY and any((element.symbol or "").startswith("zone ") for element in source.elements)
