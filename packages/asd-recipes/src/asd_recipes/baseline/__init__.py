"""Detectors to compare the networks with: the two official autoencoder baselines, and spectral statistics."""
