"""A model as a folder that can be copied, checked and kept."""
