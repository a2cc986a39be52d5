"""Merging: two changes of one configuration become one; `files.merge` is the way in."""
