"""What stands below each command's help: an example or two, and what its exit codes mean where that is not plain.

`--help`, docs/cli.md and the manual page show the same text.
"""

from textwrap import dedent


def _below(text: str) -> str:
    """The text as Typer leaves it: each paragraph marked, so that its lines stay lines."""
    return "\n\n".join(f"\b\n{paragraph}" for paragraph in dedent(text).strip().split("\n\n"))


def plain(text: str | None) -> str:
    """The text without the marks."""
    return (text or "").replace("\b\n", "")


INIT = _below("""
    Examples:
      mha init /srv/mha --name fw-a --cluster acme --from files
      mha init /srv/mha --name fw-a --url ssh://mha@fw-a.example.org/srv/mha --from firewall.git
""")
KEY = _below("""
    Example:
      mha key /srv/mha --name fw-b
""")
JOIN = _below("""
    Examples, the first as `mha server add` prints it:
      mha join ssh://mha@fw-a.example.org/srv/mha /srv/mha --name fw-b --trust 5ce5aa7218f7b0ef
      mha join ssh://mha@fw-a.example.org/srv/mha /srv/mha --replace

    With --replace a server's home is rebuilt from a peer: its name, key, known hosts and drafts stay, and readers
    of current/ notice nothing. Revisions that no peer holds are named, and it is refused; --abandon N gives them up,
    where N is their number, or `unknown` where the store is too damaged to tell. Exit codes: 0 done; 1 refused, and
    the home is as it was; 4 rebuilt, but current/ does not follow yet; 6 the server at URL does not answer.
""")
SERVER_ADD = _below("""
    Examples:
      mha server add fw-b /srv/fw-b
      mha server add fw-b ssh://mha@fw-b.example.org/srv/mha --key 'ssh-ed25519 AAAA…'

    Exit codes: as `mha publish`.
""")
SERVER_REMOVE = _below("""
    Example:
      mha server remove fw-b

    Exit codes: as `mha publish`.
""")
SERVER_SET_PRIMARY = _below("""
    Example, on the Active:
      mha server set-primary fw-b

    The server that was the Primary is a secondary then, if it is still listed.

    Exit codes: as `mha publish`.
""")
SERVER_EXCLUDE = _below("""
    Example, on the Active:
      mha server exclude fw-c --reason "its disk is replaced"

    No server asks it, gives it revisions or takes any from it, and no publish waits for it, until it is included
    again. It goes on serving what it has. It is not made Active meanwhile, but for `mha promote --force` there.

    Exit codes: as `mha publish`.
""")
SERVER_INCLUDE = _below("""
    Example, on the Active:
      mha server include fw-c

    It gets what it lacks at once, or with the next synchronization, if that is more than 500 revisions.

    Exit codes: as `mha publish`.
""")
SERVER_LIST = _below("""
    Example:
      mha server list
""")
STATUS = _below("""
    Examples:
      mha status
      mha --home /srv/mha status --json
      mha status --watch

    Exit codes: 0 all is well; 4 a peer lacks a revision or does not answer; 5 collision; 8 no server is
    Active; 1 this server itself needs care.
""")
SYNC = _below("""
    Examples:
      mha sync
      mha sync fw-b

    Exit codes: 0 every peer that was asked has every revision; 4 one does not; 5 collision.
""")
PROMOTE = _below("""
    Examples:
      mha promote --dry-run
      mha promote --reason 'fw-a gets new memory'
      mha promote --force --reason 'fw-a is dead'

    Planned, nothing can be lost: where something could be, it is refused with 6, or with 5 in a collision,
    and nothing has changed. Forced, it prints what is at risk and takes over; what a lost Active published
    since it was last seen is then a collision. Exit codes: 0 this server is Active; 6 refused, or the result
    is not known (ask again with `mha status`); 4 it is Active, but its files do not follow yet.
""")
DEMOTE = _below("""
    Examples:
      mha demote --to fw-b --reason 'fw-a is taken down'
      mha demote

    Exit codes: 0 done; 6 SERVER cannot take over, or has not heard of it yet; 5 collision.
""")
PAUSE = _below("""
    Example, on the Active:
      mha pause --reason "freeze until the audit is over"

    Synchronization goes on. `mha resume` and `mha resolve` go through.

    Exit codes: as `mha publish`.
""")
RESUME = _below("""
    Example, on the Active:
      mha resume

    Exit codes: as `mha publish`.
""")
COLLISION = _below("""
    Example:
      mha collision

    Exit codes: 5 there is a collision; 0 there is none.
""")
RESOLVE = _below("""
    Examples:
      mha resolve --merge --dry-run
      mha resolve --merge --take host/web-01=fw-b --reason 'agreed with Max'
      mha resolve --edit      then, once the files in work/ are as they should be: mha resolve --continue
      mha resolve --keep fw-b --active fw-b

    --merge joins what the sides did, object by object. Where they did different things to the same field, it says
    so and changes nothing, until --take says whose holds. --edit puts the merged files into work/, on whatever
    server it is run, with a mark at each conflict; --continue ends the collision with them, once no mark is left.
    --keep takes the files of one side. The revisions of all sides stay in the history. This server is Active from
    then on, or the one that is named. A draft here is kept.
    Exit codes: 0 the collision has ended, here and on every server that answers; 4 a peer does not know of it
    yet, or the files here do not follow yet; 5 conflicts are left to settle; 7 the merged configuration would
    have errors that no side has; 1 there is no collision.
""")
DIFF = _below("""
    Examples:
      mha diff --lines       the draft, against the published revision
      mha diff 40            what has changed since revision 40
      mha diff 40 42         from one revision to another
""")
PUBLISH = _below("""
    Examples:
      mha publish -m 'NET-1530: HTTPS to the new shop'
      mha publish -m 'NET-1531: web-03' objects/hosts.yaml
      mha publish -m 'NET-1532: both must have it' --wait 2

    Exit codes: 0 published, or nothing to publish; 4 published, but fewer Standbys hold it than were wanted,
    or current/ does not follow yet; 3 this server is a Standby; 5 collision; 7 the files may not be published.
""")
DISCARD = _below("""
    Examples:
      mha discard
      mha discard objects/hosts.yaml
""")
DRAFTS_LIST = _below("""
    Example:
      mha drafts list
""")
DRAFTS_SHOW = _below("""
    Example:
      mha drafts show 1 --lines
""")
DRAFTS_RESTORE = _below("""
    Examples:
      mha drafts restore 1
      mha drafts restore 1 objects/hosts.yaml
""")
LOG = _below("""
    Example:
      mha log -n 10
""")
SHOW = _below("""
    Examples:
      mha show 42
      mha show 6bd86440f1 --lines
""")
REVERT = _below("""
    Examples:
      mha revert 42 -m 'NET-1530: the old resolvers cannot do it'
      mha revert 12..15 --dry-run --lines -m 'NET-1533: back to the old rules'

    Exit codes: as `mha publish`; 1 later revisions changed the same lines: they are named.
""")
VALIDATE = _below("""
    Examples:
      mha validate
      mha validate --all --json
      mha validate --sarif > findings.sarif

    Exit codes: 0 the draft may be published, 7 it would add errors.
""")
EXPLAIN = _below("""
    Examples:
      mha explain
      mha explain shadowed
""")
SCHEMA = _below("""
    Examples:
      mha schema host
      mha schema --vscode > .vscode/settings.json
""")
WHERE_USED = _below("""
    Examples:
      mha where-used web-01
      mha where-used host/web-01 --indirect
""")
SEARCH = _below("""
    Examples:
      mha search 10.10.30.11
      mha search NET-1290
""")
RENAME = _below("""
    Example:
      mha rename host/web-01 www-01
""")
RM = _below("""
    Examples:
      mha rm host/web-02
      mha rm service/tls --replace-with https

    Exit codes: 0 done, 7 it is used, and nothing was to take its place.
""")
FMT = _below("""
    Examples:
      mha fmt objects/hosts
      mha fmt --check objects policies

    Exit codes: 0 done; with --check, 1 some files are not in the normal form, or cannot be read.
""")
BACKUP = _below("""
    Examples:
      mha backup /backup/acme.bundle --force
      mha backup /backup/acme-2026-11-23.bundle
      mha backup /backup/acme-since-40.bundle --since 40

    From any server, while others go on publishing. It is a git bundle: `git clone FILE` shows its files.
    Exit codes: 0 written, read back and in its place; 1 not, and nothing of it was left there.
""")
RESTORE = _below("""
    Examples:
      mha restore /backup/acme.bundle /srv/mha --name fw-a
      mha restore /backup/acme.bundle /backup/acme-since-40.bundle /srv/mha --name fw-b --trust 5ce5aa7218f7b0ef

    For when every server is lost, or for one that none can be reached from: else `mha join` gets more. All is
    verified before the home is made.
""")
RECEIVE = _below("""
    Examples:
      mha receive /media/usb/acme-since-40.bundle
      mha receive /media/usb/acme-since-40.bundle --dry-run

    What it brings is judged as if a peer pushed it. Exit codes: 0 taken, or there was nothing new; 5 it
    diverges from this server: both sides are kept; 4 taken, but the files here do not follow yet; 1 refused,
    and nothing of it stays.
""")
VERIFY = _below("""
    Examples:
      mha verify
      mha verify --deep

    Exit codes: 0 all is well; 1 something is not.
""")
REPAIR = _below("""
    Example:
      mha repair

    Exit codes: 0 all is well now; 1 something could not be mended.
""")
AGENT = _below("""
    Example, as a service starts it:
      mha --home /srv/mha agent
""")
SERVE = _below("""
    Example, in authorized_keys:
      restrict,command="mha --home /srv/mha serve fw-b" ssh-ed25519 AAAA… fw-b
""")
DEMO = _below("""
    Examples:
      mha demo
      mha demo --fast --keep /tmp/mha-demo
""")
