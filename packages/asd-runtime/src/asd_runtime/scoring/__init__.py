"""From a recording to its scores."""
