"""Upkeep: what keeps a home small. Nobody waits for it, and it waits for nobody."""

from mha.errors import HomeBusy
from mha.store import leftovers, lock, packing
from mha.store.home import Home


def tidy(home: Home) -> bool:
    """Clear and pack what lies about in the store, unless another command is at work; returns whether it was packed."""
    try:
        with lock.held(home.git_dir, wait_seconds=0):
            leftovers.clear(home.git_dir, thorough=True)  # a transfer that fills the disk leaves what fills it
            return packing.pack(home.git_dir)
    except HomeBusy:  # the next synchronization comes by as well
        return False
