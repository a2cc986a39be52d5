"""The shape of the package: floors, purity, cycles, and how long things are."""

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from importlinter import cli as importlinter

from mha.cli import main

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "mha").rglob("*.py"))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_imports_only_go_down_the_floors(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert importlinter.lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_is_longer_than_400_lines_and_no_function_than_50(path):
    assert len(path.read_text().splitlines()) <= 400
    assert {f.name: length(f) for f in functions(path) if length(f) > 50} == {}


def test_no_modules_import_each_other_in_a_circle():
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in MODULES}
    graph = {name: {other for other in imports(path) if other in names} - {name} for name, path in names.items()}
    done: set[str] = set()
    while ready := {name for name, wanted in graph.items() if name not in done and wanted <= done}:
        done |= ready
    assert set(graph) - done == set()


def test_only_the_surfaces_print():
    printing = {
        str(path.relative_to(ROOT / "mha"))
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert printing <= {"cli/boundary.py", "cli/serve.py", "cli/demo.py", "cli/render/text.py"}


def test_each_command_is_looked_for_in_the_module_where_it_stands():
    root = typer.main.get_command(main.commands())
    found = {module: set(words) for module, words in main.MODULES.items()}
    for name, command in vars(root)["commands"].items():
        some = command if command.callback else next(iter(vars(command)["commands"].values()))
        place = inspect.unwrap(some.callback).__module__.rpartition(".")[2]
        assert name in found[place]
        found[place].remove(name)
    assert not any(found.values())


def loaded(*arguments: str) -> set[str]:
    """The modules that Python itself says it imports while the real command line runs."""
    command = [sys.executable, "-X", "importtime", "-m", "mha", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout != ""
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


def packages(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


SLOW = {"pydantic", "pydantic_core", "rich", "cryptography", "watchfiles", "ruamel", "fastapi", "jsonschema"}


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("publish", "--help"), ("server", "--help")])
def test_a_command_that_only_helps_imports_neither_git_nor_yaml(arguments):
    modules = loaded(*arguments)
    assert "typer" in modules
    assert packages(modules) & {*SLOW, "pygit2", "yaml"} == set()


def test_the_status_imports_what_it_needs_and_nothing_slow(make_cluster):
    modules = loaded("--home", str(make_cluster("fw-a", "fw-b")["fw-a"].path), "status", "--offline")
    assert {"typer", "pygit2"} <= modules
    assert packages(modules) & {*SLOW, "yaml", "logging"} == set()


def test_a_peer_that_only_asks_is_answered_without_gits_library(make_cluster, monkeypatch):
    active = make_cluster("fw-a", "fw-b")["fw-a"]
    monkeypatch.setenv("SSH_ORIGINAL_COMMAND", f"git-upload-pack '{active.path}/mha.git'")

    command = [sys.executable, "-X", "importtime", "-m", "mha", "--home", str(active.path), "serve", "fw-b"]
    done = subprocess.run(command, capture_output=True, input=b"0000", timeout=120, check=True)

    assert active.head.encode() in done.stdout
    assert {b"pygit2", b"yaml", b"typer"} & {line.split()[-1] for line in done.stderr.splitlines()} == set()


def test_pygit2_is_imported_in_one_place_which_leaves_the_environment_as_it_was():
    importers = [
        path.name
        for path in (ROOT / "mha").rglob("*.py")
        if re.search(r"^ *(?:import|from) pygit2", path.read_text(), re.M)
    ]
    code = "import os, mha.store.libgit; print(os.environ.get('SSL_CERT_FILE'))"
    said = [
        subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True).stdout
        for env in ({"SSL_CERT_FILE": "/a"}, {})
    ]
    assert (importers, said) == (["libgit.py"], ["/a\n", "None\n"])
