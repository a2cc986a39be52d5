"""libgit2, as pygit2 gives it: imported here alone, and set up for homes.

pygit2 reads the certificates of the web when it is imported, for as long as Python takes to start. mha speaks TLS to
nobody, so it is told that there are none.
"""

import os

_CERTIFICATES = "SSL_CERT_FILE"

_meant = os.environ.get(_CERTIFICATES)
os.environ[_CERTIFICATES] = os.devnull
try:
    import pygit2
    from pygit2.enums import ConfigLevel, FileMode, ObjectType, RepositoryOpenFlag, SortMode
finally:
    if _meant is None:
        del os.environ[_CERTIFICATES]
    else:
        os.environ[_CERTIFICATES] = _meant

__all__ = ["PACKS_FIRST", "FileMode", "ObjectType", "RepositoryOpenFlag", "SortMode", "pygit2"]

PACKS_FIRST = 10  # priorities: packs, then mha's own backend, then libgit2's own loose one

pygit2.settings.enable_fsync_gitdir(True)
for level in (ConfigLevel.SYSTEM, ConfigLevel.XDG, ConfigLevel.GLOBAL):  # a person's or machine's git settings stay out
    pygit2.settings.search_path[level] = ""
pygit2.settings.set_odb_packed_priority(PACKS_FIRST)
