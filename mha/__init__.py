"""Management high availability for configuration kept in git."""

__version__ = "0.1.0"
