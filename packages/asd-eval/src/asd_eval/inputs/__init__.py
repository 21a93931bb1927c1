"""What a caller passes, checked once: columns, tables, scores of normal training clips."""
