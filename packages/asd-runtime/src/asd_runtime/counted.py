"""A number and what it counts, as in "1 recording" and "2 recordings"."""


def counted(number: int, thing: str) -> str:
    """The number and the thing, with an s unless the number is 1."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
