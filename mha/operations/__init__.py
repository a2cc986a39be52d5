"""The verbs: each reads, decides, writes, and returns what happened; none prints."""
