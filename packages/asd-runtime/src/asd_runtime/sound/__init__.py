"""From a recording to what a network hears: reading, gaps, level, segments, log-mel."""
