"""The challenge's files: names, reading, checking, writing, ground truth."""
