"""The commands of `asd`, a module each, and what several of them share."""
