"""What the agent leaves to a process of its own, since it may take seconds and hundreds of megabytes: learning.

`python -m mha.learning HOME` works out what the checks know of the head, so that the first publish after a changeover
takes no longer than any other.
"""

import sys
from contextlib import suppress
from pathlib import Path

from mha.errors import MhaError
from mha.operations import validation
from mha.store.home import open_home

if __name__ == "__main__":
    with suppress(MhaError, OSError, KeyboardInterrupt):  # it is only a cache: the next publish works without it
        validation.learn(open_home(Path(sys.argv[1])))
