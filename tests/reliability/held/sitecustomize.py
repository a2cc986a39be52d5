"""On the Python path of a program whose writing system calls are to be held: Python imports it before the program."""

import os
import sys

if os.environ.get("TESTS_HOLD", "-") in sys.orig_argv:
    from tests.reliability import syscalls

    del os.environ["TESTS_HOLD"]  # what it starts is held with it
    syscalls.submit(os.environ["TESTS_HOLD_AT"])
