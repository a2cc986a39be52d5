"""Pairs of changes as two administrators make them, and what the merge of each should be.

A change is a list of texts and what comes in their place; where a file is named before, in that file.
"""

from typing import NamedTuple

CONFLICT = "conflict"
HOSTS, GROUPS, POLICY, USERS = "objects/hosts.yaml", "objects/groups.yaml", "policies/main.yaml", "users/people.yaml"
CLUSTER, OPAQUE, NOTES = "mha.yaml", "monitoring/probes.yaml", "README.txt"

BASE = {
    HOSTS: """\
# Hosts of the data centre

hosts:
  # web servers
  web-01: 10.1.0.10
  web-02: 10.1.0.11  # moved from the cellar
  mail-01: {address: 10.1.0.25, comment: Mail}

  db-01:
    address: 10.1.0.30
    zone: servers
    comment: Orders
networks:
  servers: 10.1.0.0/24
""",
    GROUPS: """\
groups:
  web: [web-01, web-02]
  backup:
    include:
      - db-01
      - mail-01
    comment: Saved every night
services:
  http: tcp/80
  https: tcp/443
  probe: {protocol: tcp, port: [8080, 9090]}
service-groups:
  all-web: [http, https]
""",
    POLICY: """\
kind: layer
name: main
rules:
  - {name: web-in, id: r-1, from: any, to: web, service: all-web, action: accept}
  # only from the backup server
  - name: backup
    id: r-2
    from: mail-01
    to: [db-01]
    service: https
    action: accept
  - {name: mail, from: any, to: mail-01, service: http, action: accept}
  - {name: cleanup, from: any, to: any, service: any, action: drop, track: log}
---
kind: package
name: hq
layers: [main]
""",
    USERS: """\
user-groups:
  admins:
users:
  jana.huber: {groups: [admins], email: jana@example.com}
  paul.winter: {groups: admins}
""",
    CLUSTER: """\
cluster: acme
servers:
  fw-a: {url: /srv/a, role: primary}
  fw-b: {url: /srv/b, role: secondary}
settings:
  sync-interval: 60s
""",
    OPAQUE: """\
interval: 30
targets:
  - name: web
    url: http://web.example.com
  - name: mail
    url: http://mail.example.com
limits: {cpu: 1.10, memory: 512}
debug: true
""",
    NOTES: "Read me.\n",
}
Edit = tuple[str, str] | tuple[str, str, str]  # the file, where it is not the one of the pair; the old, the new text


class Pair(NamedTuple):
    path: str
    ours: list[Edit]
    theirs: list[Edit]
    right: list[Edit] | str  # what becomes of the base


def both(path: str, ours: list[Edit], theirs: list[Edit]) -> Pair:
    """Two changes that come out side by side, each as it was made."""
    return Pair(path, ours, theirs, [*ours, *theirs])


def changed(path: str, edits: list[Edit]) -> dict[str, str]:
    """The base after some edits; a file of which all is replaced by nothing goes."""
    files = dict(BASE)
    for edit in edits:
        where, old, new = edit if len(edit) == 3 else (path, *edit)
        text = files.get(where, "")
        assert old in text or (old == "" and where not in files), (where, old)
        files[where] = text.replace(old, new, 1) if old else new
        if not files[where]:
            del files[where]
    return files


WEB_02 = "  web-02: 10.1.0.11  # moved from the cellar\n"
MAIL_01 = "  mail-01: {address: 10.1.0.25, comment: Mail}\n"
DB_01 = "  db-01:\n    address: 10.1.0.30\n    zone: servers\n    comment: Orders\n"
BACKUP = BASE[POLICY][BASE[POLICY].index("  # only") : BASE[POLICY].index("  - {name: mail")]
MAIL = "  - {name: mail, from: any, to: mail-01, service: http, action: accept}\n"
CLEANUP = "  - {name: cleanup, from: any, to: any, service: any, action: drop, track: log}\n"
SSH_A = "  - {name: ssh-a, from: web-01, to: db-01, service: https, action: accept}\n"
SSH_B = "  - {name: ssh-b, from: web-02, to: mail-01, service: https, action: accept}\n"
DENY = "  - {name: deny, from: web-02, to: any, service: any, action: drop}\n"
DENY_DB = "  - {name: deny-db, from: web-02, to: db-01, service: any, action: drop}\n"
PAYROLL = "policies/payroll.yaml"
NEW_LAYER = "kind: layer\nname: payroll\nrules:\n" + CLEANUP

PAIRS = {
    # hosts
    "two new hosts next to each other": Pair(
        HOSTS,
        [(WEB_02, WEB_02 + "  web-03: 10.1.0.12\n")],
        [(WEB_02, WEB_02 + "  # for the shop\n  web-04: 10.1.0.13\n")],
        [(WEB_02, WEB_02 + "  web-03: 10.1.0.12\n  # for the shop\n  web-04: 10.1.0.13\n")],
    ),
    "a new host at the end, and one in front": both(
        HOSTS,
        [(DB_01, DB_01 + "  db-02: 10.1.0.31\n")],
        [("  # web servers\n", "  # web servers\n  web-00: 10.1.0.9\n")],
    ),
    "two hosts in front, below a heading": Pair(
        HOSTS,
        [("  # web servers\n", "  # web servers\n  web-a: 10.1.0.8\n")],
        [("  # web servers\n", "  # web servers\n  web-b: 10.1.0.9\n")],
        [("  # web servers\n", "  # web servers\n  web-a: 10.1.0.8\n  web-b: 10.1.0.9\n")],
    ),
    "the same new host": Pair(
        HOSTS,
        [(WEB_02, WEB_02 + "  web-03: 10.1.0.12\n")],
        [(WEB_02, WEB_02 + "  web-03: 10.1.0.12\n")],
        [(WEB_02, WEB_02 + "  web-03: 10.1.0.12\n")],
    ),
    "the same new host in two places of the file": Pair(
        HOSTS,
        [(WEB_02, WEB_02 + "  web-03: 10.1.0.12\n")],
        [(DB_01, DB_01 + "  web-03: 10.1.0.12\n")],
        [(WEB_02, WEB_02 + "  web-03: 10.1.0.12\n")],
    ),
    "one new name with two addresses": Pair(
        HOSTS,
        [(WEB_02, WEB_02 + "  web-03: 10.1.0.12\n")],
        [(DB_01, DB_01 + "  web-03: 10.1.0.13\n")],
        CONFLICT,
    ),
    "one new name in two files": Pair(
        HOSTS,
        [(WEB_02, WEB_02 + "  web-03: 10.1.0.12\n")],
        [("objects/more.yaml", "", "hosts:\n  web-03: 10.1.0.13\n")],
        CONFLICT,
    ),
    "one new name for a host and a network": Pair(
        HOSTS,
        [(WEB_02, WEB_02 + "  lab: 10.1.0.12\n")],
        [("  servers: 10.1.0.0/24\n", "  servers: 10.1.0.0/24\n  lab: 10.3.0.0/24\n")],
        CONFLICT,
    ),
    "neighbours change": both(HOSTS, [("web-01: 10.1.0.10", "web-01: 10.1.0.110")], [("10.1.0.11 ", "10.1.0.111 ")]),
    "two fields of one host, in brackets": both(
        HOSTS, [("10.1.0.25", "10.1.0.26")], [("comment: Mail", "comment: Post")]
    ),
    "two fields of one host, in lines": both(HOSTS, [("10.1.0.30", "10.1.0.31")], [("zone: servers", "zone: dmz")]),
    "two new fields of one host": Pair(
        HOSTS,
        [("10.1.0.25, ", "10.1.0.25, zone: servers, ")],
        [("comment: Mail}", "comment: Mail, tags: [post]}")],
        [("10.1.0.25, comment: Mail}", "10.1.0.25, zone: servers, comment: Mail, tags: [post]}")],
    ),
    "one field of one host": Pair(HOSTS, [("10.1.0.10", "10.1.0.12")], [("10.1.0.10", "10.1.0.13")], CONFLICT),
    "the same address on both sides, and more": Pair(
        HOSTS,
        [("web-01: 10.1.0.10", "web-01: 10.1.0.12"), ("10.1.0.11 ", "10.1.0.14 ")],
        [("web-01: 10.1.0.10", "web-01: 10.1.0.12"), ("10.1.0.25", "10.1.0.26")],
        [("web-01: 10.1.0.10", "web-01: 10.1.0.12"), ("10.1.0.11 ", "10.1.0.14 "), ("10.1.0.25", "10.1.0.26")],
    ),
    "a comment behind a host, and its address": both(HOSTS, [("10.1.0.11 ", "10.1.0.14 ")], [("the cellar", "Graz")]),
    "a long form for a short one, and its address": Pair(
        HOSTS,
        [("web-01: 10.1.0.10", "web-01: {address: 10.1.0.10, zone: dmz}")],
        [("web-01: 10.1.0.10", "web-01: 10.1.0.110")],
        [("web-01: 10.1.0.10", "web-01: {address: 10.1.0.110, zone: dmz}")],
    ),
    "a host in lines instead of brackets, and its address": Pair(
        HOSTS,
        [(MAIL_01, "  mail-01:\n    address: 10.1.0.25\n    comment: Mail and news\n")],
        [("10.1.0.25", "10.1.0.26")],
        [(MAIL_01, "  mail-01:\n    address: 10.1.0.26\n    comment: Mail and news\n")],
    ),
    "a host goes, its neighbour changes": both(HOSTS, [(MAIL_01, "")], [("10.1.0.11 ", "10.1.0.14 ")])._replace(
        path=HOSTS
    ),
    "a host goes and changes": Pair(HOSTS, [(DB_01, "")], [("comment: Orders", "comment: All orders")], CONFLICT),
    "a host goes on both sides": Pair(
        HOSTS,
        [(DB_01, ""), ("10.1.0.10", "10.1.0.12")],
        [(DB_01, ""), ("10.1.0.25", "10.1.0.26")],
        [(DB_01, ""), ("10.1.0.10", "10.1.0.12"), ("10.1.0.25", "10.1.0.26")],
    ),
    "a host goes, and a group takes it": Pair(
        HOSTS,
        [(WEB_02, ""), (GROUPS, ", web-02", "")],
        [(GROUPS, "      - mail-01\n", "      - mail-01\n      - web-02\n")],
        CONFLICT,
    ),
    "a host moves to another file, and changes": Pair(
        HOSTS,
        [(DB_01, ""), ("objects/db.yaml", "", "hosts:\n" + DB_01)],
        [("comment: Orders", "comment: All orders")],
        [(DB_01, ""), ("objects/db.yaml", "", "hosts:\n" + DB_01.replace("Orders", "All orders"))],
    ),
    "a host gets a file of its own, and changes": Pair(
        HOSTS,
        [
            (DB_01, ""),
            ("objects/db-01.yaml", "", "kind: host\nname: db-01\naddress: 10.1.0.30\nzone: servers\ncomment: Orders\n"),
        ],
        [("10.1.0.30", "10.1.0.31")],
        [
            (DB_01, ""),
            ("objects/db-01.yaml", "", "kind: host\nname: db-01\naddress: 10.1.0.31\nzone: servers\ncomment: Orders\n"),
        ],
    ),
    "a host moves to two files": Pair(
        HOSTS,
        [(DB_01, ""), ("objects/db.yaml", "", "hosts:\n" + DB_01)],
        [(DB_01, ""), ("objects/sql.yaml", "", "hosts:\n" + DB_01)],
        CONFLICT,
    ),
    "a host is sorted to another line, and changes": Pair(
        HOSTS,
        [(MAIL_01, ""), ("  # web servers\n", MAIL_01 + "  # web servers\n")],
        [("10.1.0.25", "10.1.0.26")],
        [(MAIL_01, ""), ("  # web servers\n", MAIL_01.replace(".25", ".26") + "  # web servers\n")],
    ),
    # groups and services
    "two new members": Pair(
        GROUPS,
        [("web-02]", "web-02, db-01]")],
        [("web-02]", "web-02, mail-01]")],
        [("web-02]", "web-02, db-01, mail-01]")],
    ),
    "two new members, each in a line": Pair(
        GROUPS,
        [("      - mail-01\n", "      - mail-01\n      - web-01\n")],
        [("      - mail-01\n", "      - mail-01\n      - web-02\n")],
        [("      - mail-01\n", "      - mail-01\n      - web-01\n      - web-02\n")],
    ),
    "a new member, and one goes": Pair(
        GROUPS, [("web-01, web-02", "web-02")], [("web-02]", "web-02, db-01]")], [("web-01, web-02", "web-02, db-01")]
    ),
    "the same new member": Pair(
        GROUPS,
        [("web-02]", "web-02, db-01]"), ("tcp/80", "tcp/81")],
        [("web-02]", "web-02, db-01]")],
        [("web-02]", "web-02, db-01]"), ("tcp/80", "tcp/81")],
    ),
    "all members go, half on each side": Pair(
        GROUPS, [("web-01, web-02", "web-02")], [("web-01, web-02", "web-01")], CONFLICT
    ),
    "a new member and a comment in the short form": Pair(
        GROUPS,
        [("[web-01, web-02]", "{include: [web-01, web-02], comment: Shop}")],
        [("web-02]", "web-02, db-01]")],
        [("[web-01, web-02]", "{include: [web-01, web-02, db-01], comment: Shop}")],
    ),
    "the port and the protocol": Pair(GROUPS, [("tcp/443", "tcp/8443")], [("tcp/443", "udp/443")], CONFLICT),
    "two new ports": Pair(
        GROUPS, [("9090]", "9090, 9091]")], [("9090]", "9090, 9092]")], [("9090]", "9090, 9091, 9092]")]
    ),
    "a group and its only service change": both(GROUPS, [("tcp/80", "tcp/81")], [("[http, https]", "[https]")]),
    # rules
    "two rules before the last": Pair(
        POLICY, [(CLEANUP, SSH_A + CLEANUP)], [(CLEANUP, SSH_B + CLEANUP)], [(CLEANUP, SSH_A + SSH_B + CLEANUP)]
    ),
    "an accept and a drop at one place, of the same traffic": Pair(
        POLICY, [(CLEANUP, SSH_B + CLEANUP)], [(CLEANUP, DENY + CLEANUP)], CONFLICT
    ),
    "an accept and a drop at one place, of other traffic": Pair(
        POLICY, [(CLEANUP, SSH_A + CLEANUP)], [(CLEANUP, DENY_DB + CLEANUP)], [(CLEANUP, SSH_A + DENY_DB + CLEANUP)]
    ),
    "rules at two places": both(POLICY, [(MAIL, SSH_A + MAIL)], [(CLEANUP, DENY + CLEANUP)]),
    "two fields of one rule": both(
        POLICY, [("from: mail-01", "from: db-01")], [("service: https\n", "service: http\n")]
    ),
    "one field of one rule": Pair(
        POLICY, [("from: mail-01", "from: db-01")], [("from: mail-01", "from: web")], CONFLICT
    ),
    "two sources of one rule": Pair(
        POLICY,
        [("from: mail-01", "from: [mail-01, web-01]")],
        [("from: mail-01", "from: [mail-01, web-02]")],
        [("from: mail-01", "from: [mail-01, web-01, web-02]")],
    ),
    "a rule is narrowed in two ways": Pair(
        POLICY,
        [("from: any, to: mail-01", "from: [web-01], to: mail-01")],
        [("from: any, to: mail-01", "from: [web-02], to: mail-01")],
        CONFLICT,
    ),
    "a rule in brackets gets a track, and another source": both(
        POLICY,
        [("service: http, action: accept", "service: http, action: accept, track: log")],
        [("from: any, to: mail-01", "from: web, to: mail-01")],
    ),
    "a rule moves, and changes": Pair(
        POLICY,
        [(MAIL, ""), ("  # only", MAIL + "  # only")],
        [("to: mail-01, service: http,", "to: mail-01, service: https,")],
        [(MAIL, ""), ("  # only", MAIL.replace("http,", "https,") + "  # only")],
    ),
    "a rule moves to two places": Pair(
        POLICY,
        [(MAIL, ""), ("  # only", MAIL + "  # only")],
        [(MAIL, ""), (CLEANUP, CLEANUP + MAIL)],
        CONFLICT,
    ),
    "a rule moves, and another changes": Pair(
        POLICY,
        [(MAIL, ""), ("  - {name: web-in", MAIL + "  - {name: web-in")],
        [(CLEANUP, CLEANUP.replace("track: log", "track: alert"))],
        [(MAIL, ""), ("  - {name: web-in", MAIL + "  - {name: web-in"), ("track: log", "track: alert")],
    ),
    "a rule goes, and one comes behind it": Pair(POLICY, [(BACKUP, "")], [(MAIL, SSH_A + MAIL)], [(BACKUP, SSH_A)]),
    "a rule goes and changes": Pair(POLICY, [(BACKUP, "")], [("from: mail-01", "from: db-01")], CONFLICT),
    "a rule is switched off, and moves": Pair(
        POLICY,
        [("service: https\n    action: accept\n", "service: https\n    action: accept\n    enabled: false\n")],
        [(BACKUP, ""), (CLEANUP, BACKUP + CLEANUP)],
        [(BACKUP, ""), (CLEANUP, BACKUP + "    enabled: false\n" + CLEANUP)],
    ),
    "a rule jumps over a place where an other action comes": Pair(
        POLICY,
        [
            ("  - {name: web-in, id: r-1, from: any, to: web, service: all-web, action: accept}\n", ""),
            (CLEANUP, "  - {name: web-in, id: r-1, from: any, to: web, service: all-web, action: accept}\n" + CLEANUP),
        ],
        [(MAIL, DENY + MAIL)],
        CONFLICT,
    ),
    "two new layers in a file": Pair(
        POLICY,
        [("---\nkind: package", "---\nkind: layer\nname: lab\nrules: []\n---\nkind: package")],
        [("layers: [main]\n", "layers: [main]\n---\nkind: layer\nname: guests\nrules: []\n")],
        [
            ("---\nkind: package", "---\nkind: layer\nname: lab\nrules: []\n---\nkind: package"),
            ("layers: [main]\n", "layers: [main]\n---\nkind: layer\nname: guests\nrules: []\n"),
        ],
    ),
    "two layers for a package, in order": Pair(
        POLICY, [("layers: [main]", "layers: [main, a]")], [("layers: [main]", "layers: [main, b]")], CONFLICT
    ),
    "a new layer of one name": Pair(
        POLICY, [(PAYROLL, "", NEW_LAYER)], [(PAYROLL, "", NEW_LAYER.replace("track: log", "track: alert"))], CONFLICT
    ),
    "a file for new hosts on both sides": Pair(
        "objects/lab.yaml",
        [("", "hosts:\n  lab-01: 10.9.0.1\n")],
        [("", "hosts:\n  lab-02: 10.9.0.2\n")],
        [("", "hosts:\n  lab-01: 10.9.0.1\n  lab-02: 10.9.0.2\n")],
    ),
    # people, the cluster's file, and files that are not interpreted
    "two groups of a person": Pair(
        USERS, [("[admins]", "[admins, ops]")], [("[admins]", "[admins, net]")], [("[admins]", "[admins, ops, net]")]
    ),
    "two new servers": Pair(
        CLUSTER,
        [("settings:", "  fw-c: {url: /srv/c, role: secondary}\nsettings:")],
        [("settings:", "  fw-d: {url: /srv/d, role: secondary}\nsettings:")],
        [("settings:", "  fw-c: {url: /srv/c, role: secondary}\n  fw-d: {url: /srv/d, role: secondary}\nsettings:")],
    ),
    "a key for a server, and its address": both(
        CLUSTER, [("/srv/b, ", "/srv/b, key: k, ")], [("/srv/b", "/srv/mha/b")]
    )._replace(right=[("/srv/b, ", "/srv/mha/b, key: k, ")]),
    "a setting on both sides": Pair(CLUSTER, [("60s", "30s")], [("60s", "5m")], CONFLICT),
    "two settings": Pair(
        CLUSTER, [("60s", "30s")], [("60s\n", "60s\n  wait-for: 1\n")], [("60s\n", "30s\n  wait-for: 1\n")]
    ),
    "a probe changes, and another one": both(OPAQUE, [("//web.", "//www.")], [("//mail.", "//post.")]),
    "two new probes": Pair(
        OPAQUE,
        [("limits:", "  - name: a\n    url: http://a.example.com\nlimits:")],
        [("limits:", "  - name: b\n    url: http://b.example.com\nlimits:")],
        CONFLICT,
    ),
    "two limits": both(OPAQUE, [("memory: 512", "memory: 1024")], [("cpu: 1.10", "cpu: 1.1")]),
    "a truth and a number": Pair(OPAQUE, [("debug: true", "debug: 1")], [("debug: true", "debug: false")], CONFLICT),
    "one fraction, written in two ways": Pair(OPAQUE, [("1.10", "1.2")], [("1.10", "1.20")], CONFLICT),
    "a number becomes a text, and another number": Pair(
        OPAQUE, [("memory: 512", 'memory: "512"')], [("memory: 512", "memory: 513")], CONFLICT
    ),
    "a text file": Pair(NOTES, [("Read", "Do read")], [("me.", "me!")], CONFLICT),
}
