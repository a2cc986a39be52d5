"""Coverage-guided fuzzing: `python -m tests.fuzz.run [HARNESS…] --seconds N`; needs atheris.

Each harness gets a process of its own, because libFuzzer ends it. What reaches new
code is kept below `--found`; what fails is written there as `crash-…`, and belongs
into the corpus once it is mended.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["mha"]):
    from tests.fuzz.harnesses import CORPUS, HARNESSES


def main() -> None:
    """Run the named harnesses, or all, one after the other; ends with 1 where a property failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("harness", nargs="*", choices=[[], *HARNESSES])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--found", type=Path, default=Path(tempfile.gettempdir()) / "mha-fuzz")
    chosen = parser.parse_args()
    if len(chosen.harness) == 1:
        _fuzz(chosen.harness[0], chosen.seconds, chosen.found / chosen.harness[0])
    failed = [
        name
        for name in chosen.harness or HARNESSES
        if subprocess.run(
            [sys.executable, "-m", "tests.fuzz.run", name, f"--seconds={chosen.seconds}", f"--found={chosen.found}"],
            check=False,
        ).returncode
    ]
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


def _fuzz(name: str, seconds: int, found: Path) -> None:
    """Run one harness; libFuzzer ends this process."""
    found.mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}", "-print_final_stats=1", "-timeout=20", "-rss_limit_mb=4096",
        f"-artifact_prefix={found}/",
    ]  # fmt: skip
    print(f"== {name}", flush=True)
    atheris.Setup([sys.argv[0], *options, str(found), str(CORPUS / name)], HARNESSES[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
