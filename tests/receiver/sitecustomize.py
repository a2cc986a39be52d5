"""On the Python path when tests.faults wants a receiver to die: Python imports it before the receiver begins."""

import os
import sys
from pathlib import Path

if "mha.cli.serve" in sys.orig_argv:
    sys.path.append(str(Path(__file__).parents[2]))
    from tests import faults

    faults.die_before_write(int(os.environ["TESTS_RECEIVER_DIES_AT"]))
