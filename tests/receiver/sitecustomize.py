"""On the Python path when a test wants a receiver to end: Python imports it before the receiver begins."""

import os
import sys
from pathlib import Path

if "mha.cli.serve" in sys.orig_argv:
    sys.path.append(str(Path(__file__).parents[2]))
    from tests import faults

    match os.environ:
        case {"TESTS_RECEIVER_DIES_AT": number}:
            faults.die_before_write(int(number))
        case {"TESTS_RECEIVER_INTERRUPTED_AT": number, "TESTS_PRESSED": pressed}:
            faults.interrupt_before_write(int(number), Path(pressed))
