"""Training a network for one machine: split, batches, losses, checkpoints."""
