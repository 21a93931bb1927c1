"""Training a network on one machine: split, batches, losses, checkpoints."""
