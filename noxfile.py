"""The project's chores: `nox -l` lists them, `nox -s tests` runs one."""

import nox

nox.options.default_venv_backend = "venv"
nox.options.reuse_existing_virtualenvs = True
nox.options.sessions = ["lint", "types", "tests", "docs"]


@nox.session
def tests(session: nox.Session) -> None:
    """Run all tests; the ssh tests need Debian's openssh-server."""
    session.install("-e", ".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format and the floors of the package."""
    session.install("-e", ".[dev]")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports")


@nox.session
def types(session: nox.Session) -> None:
    """Check all types, strictly."""
    session.install("-e", ".[dev]")
    session.run("mypy", "mha", "tests", "benchmarks", "noxfile.py")


@nox.session
def docs(session: nox.Session) -> None:
    """Play the tutorial and the scenarios, and check that the CLI reference is fresh."""
    session.install("-e", ".[test]")
    session.run("pytest", "-n0", "tests/test_docs.py", "tests/test_scenarios.py", *session.posargs)


@nox.session
def faults(session: nox.Session) -> None:
    """Run the long profile of the fault tests, hours of it; needs root, loop devices, namespaces and sshd."""
    session.install("-e", ".[test]")
    session.run("pytest", "--full", "tests/reliability", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz every parser, a minute each: `nox -s fuzz -- --seconds 300`, or one: `nox -s fuzz -- yaml`."""
    session.install("-e", ".[fuzz]")
    session.run("python", "-m", "tests.fuzz.run", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure mha against git, and print the ratios: `nox -s bench -- --sizes 1000`."""
    session.install("-e", ".[bench]")
    session.run("python", "benchmarks/bench.py", *session.posargs)


@nox.session
def plot(session: nox.Session) -> None:
    """Draw docs/benchmarks.svg from what `bench --json` measured: `nox -s plot -- FIGURES.json TARGET.svg`."""
    session.install("-e", ".[bench]")
    session.run("python", "benchmarks/plot.py", *session.posargs)


@nox.session
def replay(session: nox.Session) -> None:
    """Replay a history on three servers: `nox -s replay -- HISTORY`."""
    session.install("-e", ".[test]")
    session.run("python", "benchmarks/replay.py", *session.posargs)


@nox.session
def demo(session: nox.Session) -> None:
    """Tell the story with three servers."""
    session.install("-e", ".")
    session.run("mha", "demo", *session.posargs)
