"""The commands of `asd`, a module each."""
