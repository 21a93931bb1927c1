"""`python -m asd_runtime` is the command `asd`."""

from asd_runtime.cli import main

main()
