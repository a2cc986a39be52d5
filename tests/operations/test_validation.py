"""Validating: what a draft adds to the findings, what stands against publishing it, and what is kept in between."""

import json
import shutil
from functools import partial

import pytest

from mha.core.model.severity import Severity
from mha.errors import ExitCode, InvalidModel
from mha.operations import history, publication, reverting, validation
from mha.operations import tip as tips
from tests.cluster import JANA
from tests.conftest import SAMPLE

HOSTS = "objects/hosts.yaml"
BROKEN = "hosts:\n  web-01: 10.1.0.300\n  web-02: 10.1.0.11\n"


@pytest.fixture
def active(make_cluster):
    return make_cluster("fw-a")["fw-a"]


@pytest.fixture
def company(active):
    """A server that has published the sample configuration."""
    for source in sorted(SAMPLE.rglob("*.yaml")):
        active.edit(str(source.relative_to(SAMPLE)), source.read_text())
    for path in (HOSTS, "objects/networks.yaml", "policies/main.yaml"):
        active.edit(path, None)
    active.publish("The company's configuration")
    return active


def said(found):
    return [(remark.finding.path, remark.finding.line, remark.finding.code, remark.new) for remark in found]


def test_the_sample_configuration_has_one_finding_and_that_is_allowed(company):
    found = validation.validate(company.home)

    assert [(remark.finding.code, bool(remark.finding.waiver)) for remark in found.remarks] == [("risky-service", True)]
    assert found.blocking == []


def test_an_error_of_the_draft_is_new_and_refused_and_nothing_is_published(active):
    before = active.head
    active.edit(HOSTS, BROKEN)

    found = validation.validate(active.home)
    with pytest.raises(InvalidModel) as refused:
        active.publish()

    assert said(found.blocking) == [(HOSTS, 2, "invalid-value", True)]
    assert found.blocking[0].source == "  web-01: 10.1.0.300"
    assert refused.value.exit_code == ExitCode.INVALID
    assert f"{HOSTS}:2: invalid-value: host web-01: " in refused.value.message
    assert active.head == before
    assert active.draft()[HOSTS] == BROKEN.encode()


def test_an_error_that_was_published_stands_and_stops_nobody(active):
    active.edit(HOSTS, BROKEN)
    accept(active, "invalid-value")
    active.edit("objects/more.yaml", "hosts: {web-03: 10.1.0.12}\n")

    done = active.publish("One more")

    assert done.standing == 1
    assert said(validation.validate(active.home).remarks)[0] == (HOSTS, 2, "invalid-value", False)


def accept(server, *codes):
    reasons = dict.fromkeys(codes, "It is so in the device, NET-1")
    return publication.publish(server.home, message="As it is", author=JANA, accepted=reasons)


def test_what_is_accepted_stands_in_the_revision_with_its_reason(active):
    active.edit(HOSTS, BROKEN)

    done = accept(active, "invalid-value", "dangling")

    message = active.home.repository.commit(done.id).message
    assert message.endswith(
        "Mha-Accepted: invalid-value: It is so in the device, NET-1\n"
        "Mha-Accepted: dangling: It is so in the device, NET-1\n"
    )
    assert active.record.revision == 2


def test_an_error_of_another_code_is_not_accepted_with_it(active):
    active.edit(HOSTS, BROKEN)

    with pytest.raises(InvalidModel):
        accept(active, "dangling")


def test_a_revert_that_would_break_the_configuration_is_refused_unless_it_is_accepted(active):
    added = active.publish_edit("objects/more.yaml", "hosts: {web-03: 10.1.0.12}\n")
    active.publish_edit("objects/group.yaml", "groups: {all: [web-03]}\n")
    revert = partial(reverting.revert, active.home, added.id or "", message="Back", author=JANA)

    with pytest.raises(InvalidModel):
        revert()
    done = revert(accepted={"dangling": "All goes next"})

    assert (done.revision, done.standing) == (4, 1)
    assert [change.subject for change in done.objects] == ["host web-03"]


def test_a_used_object_that_is_deleted_is_refused_with_every_user(company):
    path = "objects/hosts/hq-servers.yaml"
    company.edit(path, company.draft()[path].decode().replace("  mail-01: 10.10.30.31\n", ""))

    found = validation.validate(company.home)

    assert {remark.finding.code for remark in found.blocking} == {"dangling"}
    assert [(remark.finding.path, remark.finding.line) for remark in found.blocking] == [
        ("policies/layers/dmz.yaml", 46), ("policies/layers/hq-servers.yaml", 11),
        ("policies/layers/hq-servers.yaml", 15), ("policies/layers/hq-servers.yaml", 39),
        ("policies/layers/hq-servers.yaml", 40), ("policies/layers/remote-access.yaml", 12),
    ]  # fmt: skip


def test_a_name_that_is_nearly_right_gets_a_hint(company):
    path = "policies/layers/operations.yaml"
    company.edit(path, company.draft()[path].decode().replace("from: mon-01", "from: mon-1"))

    (remark,) = validation.validate(company.home).blocking

    assert remark.finding.message == "There is no address object or role named mon-1."
    assert remark.finding.hint == "Did you mean mon-01?"


def test_severities_are_those_of_mha_yaml(active):
    text = active.draft()["mha.yaml"].decode()
    active.publish_edit("mha.yaml", text + "  severity: {unused: error, invalid-value: notice}\n")
    active.edit(HOSTS, BROKEN)

    found = validation.validate(active.home)

    severities = {remark.finding.code: remark.severity for remark in found.remarks}
    assert severities["invalid-value"] is Severity.NOTICE
    assert severities["unused"] is Severity.ERROR


def test_no_draft_makes_its_own_mistakes_lighter(active):
    text = active.draft()["mha.yaml"].decode()
    active.edit("mha.yaml", text + "  severity: {invalid-value: notice}\n")
    active.edit(HOSTS, BROKEN)

    with pytest.raises(InvalidModel):
        active.publish()


def test_a_revert_of_mha_yaml_is_checked_like_any_other(active):
    text = active.draft()["mha.yaml"].decode()
    active.publish_edit("deploy/a.yaml", "groups: {g: [nope]}\n")
    active.edit("mha.yaml", text.replace('"objects/**"', '"objects/**", "deploy/**"'))
    accept(active, "dangling")
    narrower = active.publish_edit("mha.yaml", text)

    with pytest.raises(InvalidModel):
        reverting.revert(active.home, narrower.id or "", message="Back", author=JANA)


def test_what_was_accepted_is_shown_with_the_revision(active):
    active.edit(HOSTS, BROKEN)
    accept(active, "invalid-value")

    assert history.show(active.home, "2").accepted == ("invalid-value: It is so in the device, NET-1",)
    assert "  Accepted invalid-value: It is so in the device, NET-1" in active.mha("show", "2").stdout


def test_a_rule_that_matches_nothing_is_not_risky(active):
    rule = "{name: all, from: {not: [every]}, to: any, service: any, action: accept, expires: '2020-01-01'}"
    active.edit("objects/e.yaml", "ranges: {four: 0.0.0.0-255.255.255.255}\ngroups: {every: [four]}\n")
    active.edit("policies/old.yaml", f"kind: layer\nname: old\nrules:\n- {rule}\n")

    found = validation.validate(active.home).remarks

    assert {each.finding.code for each in found if "rule all" in each.finding.subject} == {"expired"}


def test_a_broken_mha_yaml_is_a_finding_and_stops_no_look_at_the_draft(active):
    active.edit("mha.yaml", "servers: [")
    active.edit("objects/more.yaml", "hosts: {web-03: 10.1.0.12}\n")

    found = said(validation.validate(active.home).blocking)

    assert found == [("mha.yaml", 1, "unreadable", True)]
    assert [change.subject for change in history.diff(active.home).objects] == ["host web-03"]


def test_a_code_in_mha_yaml_that_no_check_has_is_a_finding(active):
    text = active.draft()["mha.yaml"].decode()
    active.edit("mha.yaml", text + "  severity: {unusd: error}\n")

    (remark,) = validation.validate(active.home).blocking

    assert (remark.finding.path, remark.finding.code) == ("mha.yaml", "invalid-field")
    assert remark.finding.message.startswith("`unusd` is not a known key")


def test_groups_stand_in_groups_as_deep_as_anybody_likes(active):
    chain = "".join(f"  g-{n}: [g-{n - 1}]\n" for n in range(1, 2000))
    rule = "{name: a, from: g-1999, to: any, service: any, action: drop}"
    active.edit("objects/groups.yaml", f"groups:\n  g-0: [web-01]\n{chain}")
    active.edit("policies/deep.yaml", f"kind: layer\nname: deep\nrules:\n- {rule}\n")

    found = validation.validate(active.home)

    assert {remark.finding.code for remark in found.remarks} <= {"unused", "no-cleanup"}


def test_files_outside_the_patterns_are_only_read(active):
    active.edit("deploy/web.yaml", "hosts: {web-01: nonsense}\nkind: Deployment\n")
    active.edit("deploy/broken.yaml", "a: 1\na: 2\n")

    assert said(validation.validate(active.home).blocking) == [("deploy/broken.yaml", 2, "unreadable", True)]


def test_a_kind_of_the_stores_own_is_checked_like_any_other(active):
    schema = {
        "x-mha": {"kind": "printer", "section": "printers", "space": "printers"},
        "type": "object",
        "required": ["address"],
        "properties": {"address": {"type": "string", "x-mha": {"refers-to": [{"space": "addresses"}]}}},
    }
    active.edit("kinds/printer.json", json.dumps(schema))
    active.edit("objects/printers.yaml", "printers: {p-1: {address: web-01}, p-2: {address: web-09}, p-3: {}}\n")

    found = validation.validate(active.home)

    assert sorted(said(found.blocking)) == [
        ("objects/printers.yaml", 1, "dangling", True), ("objects/printers.yaml", 1, "invalid-field", True),
    ]  # fmt: skip


def test_a_broken_schema_of_the_stores_own_is_an_error_with_its_line(active):
    active.edit("kinds/printer.json", '{"x-mha": {"kind": "host", "section": "printers", "space": "printers"}}')

    assert {code for _, _, code, _ in said(validation.validate(active.home).blocking)} == {"invalid-kind"}


def flipped(path, which):
    """Damage every third page of a file."""
    data = path.read_bytes()
    pages = [data[start : start + 4096] for start in range(0, len(data), 4096)]
    path.write_bytes(b"".join(p if n % 3 != which else bytes(b ^ 1 for b in p) for n, p in enumerate(pages)))


DAMAGE = {
    **{f"each third page, from {n} on": partial(flipped, which=n) for n in range(3)},
    "deleted": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "nonsense": lambda path: path.write_bytes(b"nonsense" * 3000),
    "damaged everywhere": lambda path: path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes())),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_is_kept_between_commands_is_only_a_cache(company, damage):
    path = "objects/hosts/hq-servers.yaml"
    company.edit(path, company.draft()[path].decode().replace("  mail-01: 10.10.30.31\n", ""))
    before = validation.validate(company.home)

    damage(company.home.state / "model")

    assert validation.validate(company.home) == before


def test_what_is_kept_is_used_and_followed_over_revisions_that_came_otherwise(company, monkeypatch):
    company.publish_edit("notes.yaml", "x: 1\n")
    kept = (company.home.state / "model").read_bytes()
    company.publish_edit("objects/more.yaml", "hosts: {new-01: 10.77.0.1}\n")
    (company.home.state / "model").write_bytes(kept)  # as if another server had published the last one
    whole = validation.validate(company.home)
    monkeypatch.setattr("mha.core.model.memory.judged", None)  # judging everything would fail

    assert validation.validate(company.home) == whole
    assert ("objects/more.yaml", 1, "unused", False) in said(whole.remarks)


def test_another_day_is_another_answer_without_a_publish(active, monkeypatch):
    monkeypatch.setenv("MHA_NOW", "2026-11-24T12:00:00+00:00")
    active.publish_edit("users/max.yaml", "users: {max: {expires: '2026-11-30'}}\n")
    monkeypatch.setenv("MHA_NOW", "2026-12-24T12:00:00+00:00")

    found = validation.validate(active.home)

    codes = [
        (remark.finding.code, remark.finding.message)
        for remark in found.remarks
        if remark.finding.path == "users/max.yaml"
    ]
    assert codes == [("expired", "Its last day was 2026-11-30.")]


def test_a_standby_checks_what_is_published(make_cluster):
    pair = make_cluster("fw-a", "fw-b")
    pair["fw-a"].edit(HOSTS, BROKEN)
    accept(pair["fw-a"], "invalid-value")

    found = validation.validate(pair["fw-b"].home)

    assert said(found.remarks)[0] == (HOSTS, 2, "invalid-value", False)
    assert not (pair["fw-b"].home.state / "model").exists()


def test_a_disk_without_room_for_the_cache_stops_no_publish(company):
    (company.home.state / "model").unlink()
    (company.home.state / "model").mkdir()

    done = company.publish_edit("objects/more.yaml", "hosts: {new-01: 10.77.0.1}\n")

    assert done.fault == ""
    shutil.rmtree(company.home.state / "model")
    assert tips.tip(company.home).record.revision == done.revision
