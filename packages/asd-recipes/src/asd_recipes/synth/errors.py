"""Errors of writing a synthetic data set."""

from __future__ import annotations


class SyntheticDataError(ValueError):
    """A request or a folder that cannot be served; the message names it, the rule and the way out."""


class DatasetExistsError(SyntheticDataError):
    """The folder holds something that can neither be used nor replaced."""


class DatasetBusyError(SyntheticDataError):
    """Another process is writing the data set."""
