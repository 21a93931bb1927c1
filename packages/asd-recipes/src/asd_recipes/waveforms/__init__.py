"""Recordings as samples on a device: the bank, one recording, standardised segments, log-mel spectrograms."""
