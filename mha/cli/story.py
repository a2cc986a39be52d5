"""The demo's story, as data: chapters, and in each what is said, done and run.

`{folder}` stands for the demo's folder, `{first}` for the beginning of the id of
the cluster's first revision.
"""

from typing import NamedTuple

from mha.errors import ExitCode

SERVERS = ("fw-a", "fw-b", "fw-c")
JANA = "Jana Huber <jana.huber@alpenmetall.example.com>"
LABELS = "current/objects/hosts/warehouse.yaml"
SED_CANNOT_WRITE = 4
LUKAS = "Lukas Mayr <lukas.mayr@alpenmetall.example.com>"


class Run(NamedTuple):
    """A command, the folder it is run in, and how it is to end."""

    where: str
    command: str
    code: int = ExitCode.DONE
    person: str = JANA
    unprivileged: bool = False  # as an account that may not write there, where root tells the story


class Cut(NamedTuple):
    """The link between one server and all others is lost."""

    server: str


class Heal(NamedTuple):
    """The link is there again."""

    server: str


class Chapter(NamedTuple):
    """A part of the story; its text stands among the steps."""

    title: str
    steps: tuple[str | Run | Cut | Heal, ...]


STORY = (
    Chapter(
        "Three servers, one configuration",
        (
            "Alpenmetall keeps the configuration of its firewalls as YAML files. fw-a becomes the first server.",
            Run(".", "mha init fw-a --name fw-a --cluster alpenmetall --from sample-repo"),
            "fw-b makes its key, is listed by a published change of mha.yaml, and joins.",
            Run(".", "mha key fw-b --name fw-b"),
            Run("fw-a", "mha server add fw-b {folder}/fw-b"),
            Run(".", "mha join {folder}/fw-a {folder}/fw-b --name fw-b --trust {first}"),
            "So does fw-c.",
            Run(".", "mha key fw-c --name fw-c"),
            Run("fw-a", "mha server add fw-c {folder}/fw-c"),
            Run(".", "mha join {folder}/fw-a {folder}/fw-c --name fw-c --trust {first}"),
            Run("fw-a", "mha server list"),
        ),
    ),
    Chapter(
        "Edit, look, publish",
        (
            "A label printer in the warehouse was swapped. Jana edits the draft on fw-a, which is Active.",
            Run("fw-a", "sed -i s/00:00:5e:00:53:a2/00:00:5e:00:53:b4/ work/objects/hosts/warehouse.yaml"),
            Run("fw-a", "mha diff --lines"),
            "Nobody but Jana sees the draft. Publishing makes it the next revision, and gives it to every Standby.",
            Run("fw-a", "mha publish -m 'NET-1530: the label printer at packing was swapped'"),
            Run("fw-a", "mha status"),
            "Readers use current/, on every server.",
            Run("fw-c", "grep label-printer-02 current/objects/hosts/warehouse.yaml"),
        ),
    ),
    Chapter(
        "A Standby is read-only",
        (
            "fw-b holds the same revisions. What it serves cannot be edited: its files are read-only.",
            Run("fw-b", "stat -c '%A %n' current/objects/hosts current/objects/hosts/warehouse.yaml"),
            Run("fw-b", f"sed -i s/:b4/:b5/ {LABELS}", SED_CANNOT_WRITE, unprivileged=True),
            "There is no draft on it, and it publishes nothing.",
            Run("fw-b", "mha publish -m 'A change on the wrong server'", ExitCode.READ_ONLY),
        ),
    ),
    Chapter(
        "A planned changeover",
        (
            "fw-a gets new memory today. fw-b shall be Active. First the plan, then the changeover.",
            Run("fw-b", "mha promote --dry-run"),
            Run("fw-b", "mha promote --reason 'fw-a gets new memory'"),
            "fw-a had to accept before fw-b was Active. It is a Standby now.",
            Run("fw-a", "mha publish -m 'Too late'", ExitCode.READ_ONLY),
            Run("fw-b", "mha log"),
        ),
    ),
    Chapter(
        "The link is lost",
        (
            "Now the network fails, and fw-b stands alone.",
            Cut("fw-b"),
            "fw-b is Active and does not know why nobody answers. Lukas publishes there.",
            Run("fw-b", "sed -i s/10.10.50.30/10.10.50.31/ work/objects/hosts/dmz.yaml", person=LUKAS),
            Run("fw-b", "mha publish -m 'NET-1532: sftp-01 has a new address'", person=LUKAS),
            "On the other side of the cut, Jana sees that the Active does not answer.",
            Run("fw-a", "mha status", ExitCode.NOT_EVERYWHERE),
            "A planned changeover is refused, because fw-b cannot agree to it.",
            Run("fw-a", "mha promote", ExitCode.NOT_REACHABLE),
        ),
    ),
    Chapter(
        "A forced changeover",
        (
            "Jana decides: fw-a takes over without asking. mha says first what is at risk.",
            Run("fw-a", "mha promote --force --reason 'fw-b does not answer'"),
            "She has work to do as well.",
            Run("fw-a", "sed -i s/10.10.50.10$/10.10.50.11/ work/objects/hosts/dmz.yaml"),
            Run("fw-a", "mha publish -m 'NET-1533: web-01 has moved to new hardware'"),
            "Two servers have published on top of the same revision.",
        ),
    ),
    Chapter(
        "The collision",
        (
            "The network is repaired.",
            Heal("fw-b"),
            Run("fw-a", "mha sync", ExitCode.COLLISION),
            "Other products would now throw one side's work away. Here both sides are kept, on both servers.",
            Run("fw-a", "mha collision", ExitCode.COLLISION),
            "fw-b sees the same.",
            Run("fw-b", "mha collision", ExitCode.COLLISION),
            "Until the collision is ended, nobody makes it worse.",
            Run("fw-b", "mha publish -m 'One more'", ExitCode.COLLISION, LUKAS),
            Run("fw-b", "mha status", ExitCode.COLLISION),
        ),
    ),
    Chapter(
        "The end of the collision",
        (
            "Both have changed other hosts: the sides can be merged, object by object. What comes out is shown first.",
            Run("fw-a", "mha resolve --merge --dry-run"),
            Run("fw-a", "mha resolve --merge --reason 'agreed with Lukas'"),
            Run("fw-b", "mha status"),
            "No revision is lost: the log has those of both sides.",
            Run("fw-a", "mha log -n 4"),
        ),
    ),
)
