"""From scores to decisions, with what a threshold promises."""
