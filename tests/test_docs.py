"""The documentation says what is: played, generated, or compared with the program."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from ruamel.yaml import YAML

from mha.cli import demo, story
from mha.core import cluster_reader, reader
from mha.core.model.facts import of_file
from mha.core.standing import Sync
from mha.errors import ExitCode, MhaError
from mha.operations import servers, setup
from tests import checks_reference, cli_reference, kinds_reference, man_page
from tests.cluster import JANA, Cluster, Server, mha
from tests.conftest import SAMPLE
from tests.kinds_reference import KINDS
from tests.sshd import Sshd
from tests.transcript import play, prepare, stage

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])
DECISIONS = sorted((DOCS / "decisions").glob("*.md"))
COMMANDS = cli_reference.commands()
GROUPS = cli_reference.groups()
SAMPLE_FILES = sorted(SAMPLE.rglob("*.yaml"))


@pytest.mark.parametrize("name", ["tutorial", "formats", "json"])
def test_a_played_page_happens_as_it_is_written(name: str, rewrite: bool, monkeypatch: pytest.MonkeyPatch):
    """People play the tutorial where it says; the test does so beside that, and writes of the same folder."""
    page = DOCS / f"{name}.md"
    written = page.read_text()
    with stage(Path(f"/tmp/mha-{'played-' * (name == 'tutorial')}{name}")) as scene:
        told, here = f"/tmp/mha-{name}", str(scene.root)
        if name == "tutorial":
            prepare(scene.root, "fw-a", "fw-b")
        happened = play(written.replace(told, here), scene, monkeypatch).replace(here, told)
    if rewrite:  # another test may have written the kinds meanwhile
        page.write_text(kinds_reference.renewed(happened) if name == "formats" else happened)
    else:
        assert happened == written, "`pytest --rewrite` writes it as it happens now; then read the diff"


def test_the_command_line_reference_is_fresh(rewrite: bool):
    page = DOCS / "cli.md"
    if rewrite:
        page.write_text(cli_reference.reference())
    assert page.read_text() == cli_reference.reference()


def test_the_kinds_on_the_page_of_formats_are_fresh(rewrite: bool):
    page = DOCS / "formats.md"
    renewed = kinds_reference.renewed(page.read_text())
    if rewrite:
        page.write_text(renewed)
    assert page.read_text() == renewed


def test_the_page_of_formats_has_an_example_of_every_kind_and_no_check_objects_to_it():
    examples = kinds_reference.examples((DOCS / "formats.md").read_text())
    facts = {name: of_file("objects/example.yaml", text.encode(), KINDS) for name, text in examples.items()}
    assert sorted(examples) == sorted(KINDS.by_name)
    assert {name: found.findings for name, found in facts.items() if found.findings} == {}
    assert [name for name, found in facts.items() if name not in {each.kind for each in found.definitions}] == []


def test_the_page_on_checks_is_fresh(rewrite: bool):
    page = DOCS / "checks.md"
    if rewrite:
        page.write_text(checks_reference.reference())
    assert page.read_text() == checks_reference.reference()


@pytest.mark.parametrize("name", GROUPS)
def test_mha_itself_and_every_group_of_commands_has_help(name: str):
    group = GROUPS[name]
    lacking = [p.name for p in group.params if not p.help]
    below = [word for word, command in group.commands.items() if not command.help]
    assert (bool(group.help), lacking, below) == (True, [], [])


def test_the_manual_page_is_fresh(rewrite: bool):
    page = DOCS / "man" / "mha.1"
    if rewrite:
        page.write_text(man_page.page())
    assert page.read_text() == man_page.page()


def test_the_manual_page_is_set_without_a_warning():
    if shutil.which("groff") is None:
        pytest.skip("groff is not installed here: apt install groff-base")
    done = subprocess.run(
        ["groff", "-ww", "-man", "-Tutf8", "-z", DOCS / "man" / "mha.1"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help_an_example_and_a_word_for_its_value(name: str):
    command = COMMANDS[name]
    lacking = [p.name for p in command.params if not p.help]
    strange = [
        word for p in command.params if (word := cli_reference.word(p).rstrip("…")) not in cli_reference.METAVARS
    ]
    assert (bool(command.help), lacking, [word for word in strange if word]) == (True, [], [])
    examples = [text for title, text in cli_reference.remarks(command) if title.startswith("Example")]
    assert any(name in text.replace(" --home /srv/mha", "") for text in examples)


def test_every_answer_in_json_has_an_example():
    page = (DOCS / "json.md").read_text()
    with_json = [name for name, command in COMMANDS.items() if any(p.name == "json" for p in command.params)]
    assert [name for name in with_json if not re.search(rf"^[a-z-]*\$ {name}\b.* --json", page, re.MULTILINE)] == []


def test_every_key_of_an_answer_in_json_is_in_a_table():
    page = (DOCS / "json.md").read_text()
    shown = set(re.findall(r'^ *"([a-z_]+)":', page, re.MULTILINE))
    first_cells = re.findall(r"^\| (`[^|]*`) \|", page, re.MULTILINE)
    assert shown - {word for cell in first_cells for word in re.findall(r"`([a-z_]+)`", cell)} == set()


def test_every_exit_code_is_in_the_table():
    table = re.findall(r"^\| (\d+) \|", (DOCS / "formats.md").read_text(), re.MULTILINE)
    assert [int(code) for code in table] == sorted(ExitCode)


def test_every_variable_of_the_environment_is_in_the_table():
    inner = {"MHA_ASK", "MHA_ANSWER", "MHA_END"}  # the pipes between the receiver and its hooks
    used = {name for path in (ROOT / "mha").rglob("*.py") for name in re.findall(r'"(MHA_[A-Z]+)"', path.read_text())}
    table = re.findall(r"^\| `(MHA_[A-Z]+)` \|", (DOCS / "formats.md").read_text(), re.MULTILINE)
    assert set(table) == used - inner


def test_the_documented_cluster_file_is_valid_and_holds_every_known_key():
    example = re.search(r"```yaml\n(.*?)```", (DOCS / "formats.md").read_text(), re.DOTALL)
    assert example is not None
    parsed = cluster_reader.parse(example[1].encode())
    assert (parsed.name, sorted(parsed.servers), parsed.unknown) == ("acme", ["fw-a", "fw-b"], ())
    assert (parsed.settings.sync_interval_seconds, parsed.settings.wait_for) == (300, 1)


def test_the_readme_has_the_two_command_lines():
    lines = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("python3 -m venv")]
    assert lines == [
        "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/mha demo",
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest",
    ]


def test_the_demo_tells_the_whole_story(tmp_path: Path):
    script = Path(sys.executable).parent / "mha"
    done = subprocess.run(
        [script, "demo", "--fast", "--keep", tmp_path / "kept"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for told in (
        "fw-a$ mha publish -m 'NET-1530: the label printer at packing was swapped'\nPublished revision 4",
        "fw-b$ mha publish -m 'A change on the wrong server'\nError: fw-b is a Standby",
        "*** The link of fw-b is cut",
        "sed: couldn't open temporary file current/objects/hosts/",
        "Changed on more than one side:\n  objects/hosts/dmz.yaml",
        "The collision has ended with revision 8",
    ):
        assert told in done.stdout
    assert mha("--home", str(tmp_path / "kept" / "fw-b"), "status").returncode == ExitCode.DONE


def test_a_demo_leaves_nothing_behind_when_it_is_not_kept():
    with demo._stage(None) as folder:
        assert (folder / "sample-repo" / "README.md").is_file()
        (folder / "sample-repo" / "objects").chmod(0o555)  # as a release's folders are
    assert not folder.exists()


def test_a_demo_does_not_use_a_folder_with_files_in_it(tmp_path: Path):
    (tmp_path / "mine").write_text("precious")
    assert mha("demo", "--fast", "--keep", str(tmp_path)).returncode == ExitCode.ERROR
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_demo_whose_command_ends_otherwise_than_it_should_fails_loudly(tmp_path: Path):
    with pytest.raises(MhaError, match=r"`mha status` ended with exit code 1 instead of 0"):
        demo._run(story.Run(".", "mha status"), tmp_path)


def test_two_servers_talk_through_ssh_as_the_operations_page_sets_it_up(
    make_cluster: Callable[..., Cluster], sshd: Sshd
):
    line, scan = _from_operations(r"^restrict,command=.*$"), _from_operations(r"^ssh-keyscan .*$")
    program = str(Path(sys.executable).parent / "mha")
    a = make_cluster("fw-a")["fw-a"]
    b = Server(a.path.parent / "fw-b")
    setup.key(b.path, name="fw-b")
    for here, peer in ((a, b), (b, a)):
        written = line.replace("fw-b", peer.name).replace("ssh-ed25519 AAAA…", peer.home.public_key())
        written = written.replace("/opt/mha/bin/mha", program).replace("/srv/mha", str(here.path))
        with (sshd.folder / "authorized_keys").open("a") as file:
            file.write(f"{written}\n")
        command = scan.replace("fw-b.example.org", f"-p {sshd.port} 127.0.0.1").replace("/srv/mha", str(here.path))
        subprocess.run(["bash", "-c", command], check=True, capture_output=True)

    servers.add(a.home, name="fw-b", url=sshd.url(b.path), key=b.home.public_key(), author=JANA)
    setup.join(sshd.url(a.path), b.path, name="fw-b")
    published = a.publish_edit("objects/hosts.yaml", "hosts: {}\n")

    assert [peer.sync for peer in published.peers] == [Sync.SYNCHRONIZED]
    assert b.served() == a.served()


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    targets = [target for target in re.findall(r"\]\(([^)\s]+)\)", text) if not target.startswith("https://")]
    assert [target for target in targets if not _exists(page, *target.partition("#")[::2])] == []


def test_decisions_are_numbered_and_have_the_same_four_parts():
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    parts = {path.name: re.findall(r"^## (.*)$", path.read_text(), re.MULTILINE) for path in DECISIONS}
    assert {tuple(found) for found in parts.values()} == {("Context", "Decision", "Consequences", "Alternatives")}


@pytest.mark.parametrize("path", SAMPLE_FILES, ids=lambda path: str(path.relative_to(SAMPLE)))
def test_every_sample_file_means_the_same_to_all_readers(path: Path):
    data = path.read_bytes()
    ours = [reader.plain(document) for document in reader.read(data)]
    assert ours == list(yaml.safe_load_all(data)) == list(YAML(typ="safe", pure=True).load_all(data))


def _from_operations(pattern: str) -> str:
    found = re.search(pattern, (DOCS / "operations.md").read_text(), re.MULTILINE)
    assert found is not None
    return found[0]


def _exists(page: Path, path: str, anchor: str) -> bool:
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return False
    headings = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE) if anchor else []
    return not anchor or anchor in {re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in headings}
