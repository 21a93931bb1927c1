"""A number and what it counts, as in "1 recording" and "2 recordings"."""


def counted(number: int, thing: str) -> str:
    """Both in words; the thing takes an s where there is not exactly one."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
