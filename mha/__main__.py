"""`python -m mha` is `mha`."""

from mha.cli.main import main

main()
