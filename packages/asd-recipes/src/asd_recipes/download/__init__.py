"""DCASE Task 2 data sets from their records: resumed, checked, safely unpacked, published whole, with a manifest."""

from asd_recipes.download.dataset_download import DownloadReport, Failure, download_dataset
from asd_recipes.download.errors import (
    ArchiveError,
    DiskSpaceError,
    DownloadBusyError,
    DownloadError,
    ManifestError,
    PlaceTakenError,
    RecordError,
    TransferError,
    WrongContentError,
)
from asd_recipes.download.patience import Patience
from asd_recipes.download.records import SPLITS, ZENODO, dataset_year
from asd_recipes.download.verification import Verification, listed_bytes, verify_dataset
from asd_recipes.download.web import Web

__all__ = [
    "SPLITS",
    "ZENODO",
    "ArchiveError",
    "DiskSpaceError",
    "DownloadBusyError",
    "DownloadError",
    "DownloadReport",
    "Failure",
    "ManifestError",
    "Patience",
    "PlaceTakenError",
    "RecordError",
    "TransferError",
    "Verification",
    "Web",
    "WrongContentError",
    "dataset_year",
    "download_dataset",
    "listed_bytes",
    "verify_dataset",
]
