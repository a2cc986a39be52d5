"""The codes of findings: how grave each is, and what `mha explain CODE` says about it.

The source of the rule checks is the classification of Al-Shaer and Hamed, "Discovery of Policy Anomalies in
Distributed Firewalls" (2004): shadowing, redundancy, correlation.
"""

from typing import NamedTuple

from mha.core.model.severity import Severity


class Code(NamedTuple):
    name: str
    severity: Severity  # unless mha.yaml says otherwise
    title: str
    explanation: str


ERROR, WARNING, NOTICE = Severity

_ALL = (
    Code(
        "unreadable", ERROR, "A file is not YAML that every reader understands alike",
        "YAML has several versions, and readers differ in what they take `no`, `022` or a repeated key for. What one"
        " program installs, another would then understand differently. Such a file is refused, with the line and what"
        " to write instead. It concerns every YAML file, also those that mha does not interpret.",
    ),
    Code(
        "misspelt", ERROR, "A document is no object of any kind",
        "An interpreted file holds sections with objects below them (`hosts:` and their names), or one object in each"
        " document (`kind:` and `name:`). A section or a kind that does not exist, an object without a name, or a"
        " document that mixes both is refused, because whatever it was meant to be would not be there.",
    ),
    Code(
        "invalid-field", ERROR, "A field does not fit the kind of its object",
        "Each kind has a JSON Schema: `mha schema KIND` prints it. A field that the kind does not have, a missing one,"
        " or a value of another form is refused. Notes of your own go into fields that begin with `x-`.",
    ),
    Code(
        "invalid-value", ERROR, "A value has the right form and is still none",
        "An address with an octet of 300, a network with host bits set, a range or a port range that runs backwards, a"
        " day that the calendar does not have: the form is right, and no firewall can use it.",
    ),
    Code(
        "invalid-kind", ERROR, "A schema below kinds/ describes no kind",
        "A store adds kinds of its own with JSON Schemas below `kinds/`, whose `x-mha` says what the kind is called and"
        " which texts are names of objects. While a schema is wrong, its kind does not exist, and objects of it are"
        " refused. `mha schema host` prints one to compare with.",
    ),
    Code(
        "secret", ERROR, "A secret stands in the files",
        "What is published can be read on every server, and stays in the history for ever. Private keys, password"
        " hashes and passwords do not belong there: write where the secret is kept, such as `vault:vpn/supplier`. A"
        " secret that was published already must be taken for known, and be replaced where it is used.",
    ),
    Code(
        "duplicate-name", ERROR, "Two objects have the same name",
        "Names are unique within each of five name spaces (addresses, services, identities, times, policies), without"
        " regard to case: a rule that names an object must mean one. The kinds that share a space are listed in the"
        " page on kinds.",
    ),
    Code(
        "duplicate-id", ERROR, "Two rules have the same id",
        "The `id` of a rule is what logs, tickets and other tools know it by. It may be left out; where it stands, no"
        " other rule has it. Names of rules may repeat.",
    ),
    Code(
        "dangling", ERROR, "A name refers to nothing",
        "The object that is named does not exist, or it is of a kind that cannot stand there. If it exists elsewhere"
        " (a list that the firewall fetches, an object of another system), promise it with an `external` of that name:"
        " one without `address` and `url` stands for a service, a user or a time just as well.",
    ),
    Code(
        "ambiguous", ERROR, "A name could mean two objects",
        "A rule's `from` takes addresses and access roles, which have name spaces of their own. Where both have an"
        " object of that name, nobody can tell which is meant. Rename one of them: `mha rename` changes all users.",
    ),
    Code(
        "cycle", ERROR, "Something contains itself",
        "A group that is, through other groups, a member of itself has no meaning, and a layer that calls itself never"
        " ends. The message shows the way round; take out one step of it.",
    ),
    Code(
        "shadowed", WARNING, "A rule is never reached, and says otherwise",
        "An earlier rule with another action matches everything that this one matches: this one never decides. Usually"
        " it was meant as an exception and stands too low. Move it above the other, or remove it.",
    ),
    Code(
        "redundant", WARNING, "A rule adds nothing",
        "Another rule with the same action matches everything that this one matches. Removing it changes no decision,"
        " and leaves less to read. Mind the track: the other rule may log differently.",
    ),
    Code(
        "inoperative", WARNING, "A rule can match nothing",
        "A cell of the rule is empty (a group without members, or whose members are all excepted), its time has"
        " no minute, or several earlier rules together match all that it matches.",
    ),
    Code(
        "correlated", NOTICE, "The order of two rules decides, and neither contains the other",
        "Both match some of the same traffic, each also matches other traffic, and their actions differ. That is often"
        " meant so; it is worth a second look, because swapping the two changes what the firewall does.",
    ),
    Code(
        "any-any-accept", WARNING, "A rule accepts everything",
        "Source, destination and service are all `any`: behind this rule the firewall is a router. Name what is"
        " needed, or waive it on the rule with the reason.",
    ),
    Code(
        "no-cleanup", WARNING, "A layer does not say what happens to the rest",
        "The last rule of a layer should drop (or reject) whatever no rule matched, so that everybody who reads it, and"
        " every product that installs it, agrees on what happens then, and so that it is logged.",
    ),
    Code(
        "risky-service", WARNING, "A service that attackers look for is open too wide",
        "Services without encryption or login (telnet, ftp, tftp, rlogin) are flagged wherever a rule accepts them.",
    ),
    Code(
        "expired", WARNING, "The date of a rule, user or time has passed",
        "An expired rule matches nothing any more, and an expired user may not log in. Remove it, or prolong it with"
        " the new date and who agreed.",
    ),
    Code(
        "expires-soon", NOTICE, "The date of a rule, user or time comes within 30 days",
        "Whoever is named as owner should be asked whether it is still needed, before somebody is cut off.",
    ),
    Code(
        "unused", NOTICE, "Nothing refers to an object",
        "No rule, group or other object names it. It may be new, or left over: remove it with `mha rm`, or keep it if"
        " it stands for an address that must not be given away twice.",
    ),
    Code(
        "duplicate-object", NOTICE, "Two objects have the same value",
        "Rules that use one of them and rules that use the other look different and are not. When the address changes,"
        " one of them is forgotten. Keep one: `mha rm KIND/NAME --replace-with NAME`.",
    ),
    Code(
        "overlapping-networks", WARNING, "A network lies within another one of a different zone",
        "An address in it belongs to both zones, and which rules match it depends on which one is asked.",
    ),
    Code(
        "unneeded-waiver", NOTICE, "A rule allows what no check finds",
        "The `allow` of a rule names a code that the rule does not have any more. Remove it, so that the next mistake"
        " of that kind is seen.",
    ),
)  # fmt: skip
CODES = {code.name: code for code in _ALL}
