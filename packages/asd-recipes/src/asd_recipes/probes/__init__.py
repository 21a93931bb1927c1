"""Known faults mixed into normal sound, and what follows from how a detector hears them (docs/few_recordings.md)."""
