"""Renaming and removing objects: every place follows, and nothing else of any file changes."""

import pytest

from mha.errors import (
    CannotEdit,
    InvalidAddress,
    InvalidObjectName,
    NameTaken,
    ObjectInUse,
    UnknownKind,
    UnknownObject,
    UsesUnknown,
)
from mha.operations import looking, normalising, renaming, validation
from tests.conftest import SAMPLE

HQ = "objects/hosts/hq-servers.yaml"


@pytest.fixture
def company(make_cluster):
    """A server whose draft is the sample configuration."""
    server = make_cluster("fw-a")["fw-a"]
    for source in sorted(SAMPLE.rglob("*.yaml")):
        server.edit(str(source.relative_to(SAMPLE)), source.read_text())
    for path in ("objects/hosts.yaml", "objects/networks.yaml", "policies/main.yaml"):
        server.edit(path, None)
    return server


def changed_lines(before, after):
    """The lines that differ, by file: the old and the new ones."""
    return {
        path: [
            (old, new)
            for old, new in zip(before[path].split(b"\n"), after[path].split(b"\n"), strict=True)
            if old != new
        ]
        for path in before
        if before[path] != after.get(path)
    }


def test_a_rename_changes_the_name_wherever_it_stands_and_nothing_else(company):
    before = company.draft()

    done = renaming.rename(company.home, "host/mail-01", "post-01")

    changed = changed_lines(before, company.draft())
    assert sum(map(len, changed.values())) == done.places == 8
    assert all(old.replace(b"mail-01", b"post-01") == new for lines in changed.values() for old, new in lines)
    assert validation.validate(company.home).blocking == []


def test_a_layer_is_renamed_behind_its_prefix(company):
    renaming.rename(company.home, "layer/gateway-access", "to-the-gateways")

    assert b"action: layer:to-the-gateways}" in company.draft()["policies/layers/hq-main.yaml"]
    assert validation.validate(company.home).blocking == []


def test_crlf_quotes_and_comments_stay(make_cluster):
    server = make_cluster("fw-a")["fw-a"]
    server.edit("objects/hosts.yaml", b"hosts:\r\n  'web-01': 10.1.0.10  # front\r\n")
    server.edit("objects/groups.yaml", b'groups:\r\n  all: [ "web-01" ,other ]   # all of them\r\n  other: []\r\n')

    renaming.rename(server.home, "host/web-01", "www-01")

    assert server.draft()["objects/hosts.yaml"] == b"hosts:\r\n  'www-01': 10.1.0.10  # front\r\n"
    assert server.draft()["objects/groups.yaml"] == (
        b'groups:\r\n  all: [ "www-01" ,other ]   # all of them\r\n  other: []\r\n'
    )


def test_of_two_objects_with_one_name_the_first_is_renamed_and_both_follow_others(make_cluster):
    server = make_cluster("fw-a")["fw-a"]
    twins = (
        "kind: group\nname: a\ninclude: [{}]\n---\nkind: group\nname: a\ninclude: []\n---\nhosts: {{{}: 10.1.0.1}}\n"
    )
    server.edit("objects/a.yaml", twins.format("b", "b"))

    renaming.rename(server.home, "host/b", "c")
    assert server.draft()["objects/a.yaml"] == twins.format("c", "c").encode()

    renaming.rename(server.home, "group/a", "d")
    assert server.draft()["objects/a.yaml"] == twins.format("c", "c").replace("name: a", "name: d", 1).encode()


RULE = "kind: layer\nname: b\nrules:\n- {name: r, from: any, to: [%s], service: any, action: drop}\n"


def test_a_layer_may_be_called_like_an_object_that_it_names(make_cluster):
    server = make_cluster("fw-a")["fw-a"]
    server.edit("objects/a.yaml", "hosts: {a: 10.1.0.1, c: 10.1.0.2}\n")
    server.edit("policies/a.yaml", RULE % "a")

    renaming.rename(server.home, "host/a", "b")
    assert server.draft()["policies/a.yaml"] == (RULE % "b").encode()

    renaming.rename(server.home, "host/b", "d")
    renaming.rename(server.home, "host/c", "b")
    renaming.remove(server.home, "host/d", replacement="b")
    assert server.draft()["policies/a.yaml"] == (RULE % "b").encode()


def test_a_name_below_a_key_that_is_a_number_follows(make_cluster):
    server = make_cluster("fw-a")["fw-a"]
    server.edit("objects/a.yaml", "zones: {lan: }\ngateways: {a: {interfaces: {1: {zone: lan}}}}\n")

    renaming.rename(server.home, "zone/lan", "inside")

    assert server.draft()["objects/a.yaml"] == b"zones: {inside: }\ngateways: {a: {interfaces: {1: {zone: inside}}}}\n"


REFUSED = [
    ("host/none", "new", UnknownObject),
    ("hots/mail-01", "new", UnknownKind),
    ("group/mail-01", "new", UnknownObject),
    ("host/mail-01", "Print-01", NameTaken),
    ("host/mail-01", "any", InvalidObjectName),
    ("host/mail-01", "two words", InvalidObjectName),
]


@pytest.mark.parametrize(("what", "new", "error"), REFUSED)
def test_what_cannot_be_renamed_is_refused_and_nothing_changes(company, what, new, error):
    before = company.draft()

    with pytest.raises(error):
        renaming.rename(company.home, what, new)

    assert company.draft() == before


def test_another_case_of_the_same_name_is_a_rename(company):
    renaming.rename(company.home, "host/mail-01", "Mail-01")

    assert validation.validate(company.home).blocking == []
    assert b"  Mail-01: 10.10.30.31" in company.draft()[HQ]


def test_an_object_in_use_stays_and_every_user_is_named(company):
    before = company.draft()

    with pytest.raises(ObjectInUse) as refused:
        renaming.remove(company.home, "host/mail-01")

    assert "policies/layers/dmz.yaml:46: rule dmz-006 of layer dmz-inbound" in refused.value.message
    assert refused.value.message.count("\n") == 7
    assert company.draft() == before


def test_an_object_goes_and_another_takes_its_place_once_in_each_list(company):
    renaming.remove(company.home, "host/mail-01", replacement="intranet-01")

    draft = company.draft()
    assert b"mail-01:" not in draft[HQ]
    assert b"    to: [intranet-01]\n" in draft["policies/layers/hq-servers.yaml"]
    assert validation.validate(company.home).blocking == []


def test_what_cannot_stand_there_does_not_take_its_place(company):
    before = company.draft()

    with pytest.raises(UnknownObject):
        renaming.remove(company.home, "host/mail-01", replacement="https")

    assert company.draft() == before


def test_a_file_that_loses_its_only_object_goes(company):
    company.edit("objects/one.yaml", "# Only this\nhosts:\n  one: 10.77.0.1\n")

    renaming.remove(company.home, "host/one")

    assert "objects/one.yaml" not in company.draft()


def test_what_a_program_cannot_write_is_left_to_a_person(company):
    company.edit("objects/one.yaml", "hosts: {one: &here 10.77.0.1, two: *here}\nx-note: one\n")
    before = company.draft()

    with pytest.raises(CannotEdit) as refused:
        renaming.remove(company.home, "host/one")

    assert "objects/one.yaml:1: " in refused.value.message
    assert company.draft() == before


def test_users_are_found_directly_and_through_what_contains_them(company):
    (direct,) = looking.where_used(company.home, "dc-01")
    (all_of_them,) = looking.where_used(company.home, "host/dc-01", indirect=True)

    assert [(user.path, user.line, user.subject) for user in direct.users] == [
        ("objects/groups/servers.yaml", 4, "group domain-controllers"),
        ("settings/dns.yaml", 5, "setting dns"),
        ("settings/ntp.yaml", 5, "setting ntp"),
    ]
    assert len(all_of_them.users) == 16
    assert all_of_them.users[-1].through == ("domain-controllers", "core-servers")


def test_an_address_finds_what_contains_it(company):
    found = {hit.subject for hit in looking.find(company.home, "10.10.30.31")}

    assert {
        "host mail-01", "network hq-servers", "group site-hq", "zone servers", "rule dmz-006 of layer dmz-inbound",
    } <= found  # fmt: skip
    assert not found & {
        "host mail-02",
        "network hq-erp",
        "group site-plant",
        "zone office",
        "rule dns of layer guest-wifi",
    }


def test_a_text_finds_names_values_and_rules(company):
    assert [(hit.subject, hit.why) for hit in looking.find(company.home, "praezisa-service")] == [
        ("rule cell-009 of layer plant-cells", ""),
        ("service praezisa-service", ""),
    ]
    assert [hit.subject for hit in looking.find(company.home, "net-1290")] == [
        "rule jump-hosts of layer operations",
    ]
    assert looking.find(company.home, "no such text") == []


def test_files_get_the_normal_form_on_request_only(company):
    company.edit("objects/wide.yaml", "hosts:\n      wide-01:   10.77.0.1   # far\n")
    company.edit("objects/broken.yaml", "hosts: [\n")

    only = normalising.normalise(company.home, ["objects"], check=True)
    done = normalising.normalise(company.home, ["objects"])

    assert only.changed == done.changed == ("objects/wide.yaml",)
    assert len(done.left) == 1
    assert company.draft()["objects/wide.yaml"] == b"hosts:\n  wide-01: 10.77.0.1     # far\n"
    assert normalising.normalise(company.home, ["objects"]).changed == ()


@pytest.mark.parametrize(
    "text", ["groups: {g: [mail-01]}\nx-note: [yes]\n", "groups: {g: {include: [mail-01], colour: 1}}\n"]
)
def test_nothing_is_renamed_or_removed_while_a_file_is_not_understood(company, text):
    company.edit("objects/new.yaml", text)
    before = company.draft()

    with pytest.raises(UsesUnknown) as refused:
        renaming.rename(company.home, "host/mail-01", "post-01")
    with pytest.raises(UsesUnknown):
        renaming.remove(company.home, "host/mail-01", replacement="print-01")
    (used,) = looking.where_used(company.home, "mail-01")

    assert "objects/new.yaml" in refused.value.message
    assert used.unread == ("objects/new.yaml",)
    assert company.draft() == before


def test_a_group_that_takes_the_place_of_its_member_does_not_contain_itself(make_cluster):
    server = make_cluster("fw-a")["fw-a"]
    server.edit("objects/groups.yaml", "groups: {all: [web-01, web-02], more: [web-01]}\n")

    renaming.remove(server.home, "host/web-01", replacement="all")

    assert server.draft()["objects/groups.yaml"] == b"groups: {all: [web-02], more: [all]}\n"


def test_an_address_finds_the_rules_whose_people_may_have_it(company):
    found = {hit.subject for hit in looking.find(company.home, "10.10.20.7")}

    assert {"role engineers", "rule cad of layer hq-servers"} <= found
    assert "role staff-remote" not in found


@pytest.mark.parametrize("text", ["10.0.0.1/24", "10.0.0.0/33", "999.1.1.1", "10.0.0.5-10.0.0.1", "2001:db8::1/64"])
def test_what_looks_like_an_address_and_is_none_is_an_error(company, text):
    with pytest.raises(InvalidAddress):
        looking.find(company.home, text)
