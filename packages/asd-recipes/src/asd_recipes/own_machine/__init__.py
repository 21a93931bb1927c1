"""Training on one's own recordings, for `asd fit`."""
