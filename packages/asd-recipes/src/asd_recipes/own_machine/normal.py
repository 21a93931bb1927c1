"""The name of one's own machine within a training."""

NORMAL = "normal"
"""With the folder's name, the seeds and so the model would depend on it."""
