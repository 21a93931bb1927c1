"""The two official autoencoder baselines."""
