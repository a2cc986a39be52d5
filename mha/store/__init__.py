"""Everything that touches git, files and peers; no judgement."""
