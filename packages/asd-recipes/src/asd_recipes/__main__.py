"""`python -m asd_recipes` is the command `asd`."""

from asd_recipes.cli import main

main()
