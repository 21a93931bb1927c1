"""`python -m asd_recipes` is the command `asd`."""

from asd_runtime.cli import main

main()
