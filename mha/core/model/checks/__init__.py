"""The checks: each judges one unit (a name, a file's references, a layer), by what the catalog knows around it."""
