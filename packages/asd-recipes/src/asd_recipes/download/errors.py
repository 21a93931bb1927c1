"""Errors of a download; each message names the file, what was wrong, the rule and the way out."""

from asd_recipes.dataset.clip import DatasetError


class DownloadError(DatasetError):
    """A data set, or a file of it, that could not be downloaded."""


class RecordError(DownloadError):
    """No record is known for the request, or the record's file list cannot be read or used."""


class TransferError(DownloadError):
    """The server refused a file, or failed in every attempt."""


class WrongContentError(DownloadError):
    """A file whose size or md5 is not the record's."""


class ArchiveError(DownloadError):
    """A zip file that is broken, that would write where it must not, or that does not hold a machine's recordings."""


class DiskSpaceError(DownloadError):
    """Too little space for the zip files and what they unpack to."""


class PlaceTakenError(DownloadError):
    """Files that this command did not download are in the place of the data."""


class DownloadBusyError(DownloadError):
    """Another process is downloading to the same folder."""


class ManifestError(DownloadError):
    """A folder without a manifest, or with one that cannot be used."""
