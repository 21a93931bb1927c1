"""The commands of `asd`, one module each, and what several of them share."""
