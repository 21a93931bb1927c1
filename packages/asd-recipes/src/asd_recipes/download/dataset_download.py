"""Downloads a DCASE Task 2 data set, or takes zips placed by hand, and unpacks it for the other commands."""

import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from asd_recipes.download.errors import (
    DownloadError,
    PlaceTakenError,
    RecordError,
    WrongContentError,
)
from asd_recipes.download.extraction import unpack
from asd_recipes.download.free_disk import AT_ONCE, bytes_needed, require_free
from asd_recipes.download.one_download import only_download
from asd_recipes.download.places import Places
from asd_recipes.download.publication import publish, read_receipt, write_receipt
from asd_recipes.download.published_archives import Manifest, PublishedArchive, read_manifest
from asd_recipes.download.record_listing import Source, ask_record, unasked_source
from asd_recipes.download.records import SPLITS, ZENODO, Archive, known_archives, known_record
from asd_recipes.download.transfer import begun_bytes, drop, fetch, md5_of
from asd_recipes.download.web import Web, is_http
from asd_runtime.counted import counted
from asd_runtime.progress import Advance, Progress


@dataclass(frozen=True)
class Failure:
    """A zip file that could not be downloaded, and the reason; the others are not affected."""

    name: str
    error: Exception


@dataclass(frozen=True)
class DownloadReport:
    """The result of a call. folders: the folders for `--data`."""

    folders: tuple[Path, ...]
    published: tuple[str, ...]
    present: tuple[str, ...]
    failures: tuple[Failure, ...]


def download_dataset(
    root: Path,
    *,
    year: int,
    progress: Progress,
    splits: Sequence[str] = ("dev",),
    machines: Sequence[str] = (),
    mirror: str = ZENODO,
    keep_zip: bool = False,
    web: Web | None = None,
) -> DownloadReport:
    """Fetches, checks, unpacks and publishes the zip files of a data set; continues what an earlier call began.

    Zip files in `root` or `root/zips` are used instead of a download. If all requested ones are there, or already
    unpacked, no network is used.

    Args:
        root: folder to fill, see places.py.
        machines: machine types; empty for all.
        mirror: address of a server with Zenodo's record API.
        keep_zip: keep the zip files in root/zips.
        web: limits of time and attempts; tests replace its pauses.

    Raises:
        DownloadError: nothing was begun: no such year, split or machine; the record cannot be read; too little
            disk space; another process is at work; the folder holds another data set. The failure of a single zip
            file is in the report.
    """
    if not is_http(mirror) or "?" in mirror or "#" in mirror:
        raise RecordError(f"mirror {mirror!r} is not an address; expected one like {ZENODO}.")
    if not splits:
        raise RecordError(f"no split was asked for; there are {', '.join(SPLITS)}.")
    places, web = Places(root), web or Web(say=progress.say)
    with only_download(places.work):
        manifest = _manifest_of(places, f"dcase{year}")
        call = _Call(places, manifest, mirror.rstrip("/"), keep_zip, web, progress)
        return call.run(call.choose(year, list(dict.fromkeys(splits)), list(machines)))


def _manifest_of(places: Places, dataset: str) -> Manifest:
    if not places.manifest.exists():
        return Manifest(dataset)
    manifest = read_manifest(places.manifest)
    if manifest.dataset != dataset:
        raise PlaceTakenError(f"{places.root} holds {manifest.dataset}; choose another --out for {dataset}.")
    return manifest


class _Call:
    """One call of download_dataset."""

    def __init__(
        self, places: Places, manifest: Manifest, mirror: str, keep_zip: bool, web: Web, progress: Progress
    ) -> None:
        self._places, self._manifest, self._mirror, self._keep_zip = places, manifest, mirror, keep_zip
        self._web, self._progress = web, progress
        self._publishing = threading.Lock()
        self._moved: Advance = lambda count: None

    # Choosing

    def choose(self, year: int, splits: list[str], machines: list[str]) -> list[Archive]:
        """The requested zip files, from the known names if these are enough, else from the records."""
        chosen: list[Archive] = []
        available: set[str] = set()
        sources = dict(self._manifest.sources)
        records = {split: known_record(year, split).number for split in splits}  # raises before any request
        for split, record in records.items():
            known = [a for a in known_archives(year, split) if not machines or a.machine in machines]
            if known and all(self._at_hand(archive) for archive in known):
                archives = known
                source = sources.get(split, unasked_source(record))
            else:
                listing = ask_record(self._web, self._mirror, record, split)
                archives, source = list(listing.archives), listing.source
                if listing.left_out:
                    self._progress.say(f"{split}: left out, not a machine's zip file: {', '.join(listing.left_out)}")
            available |= {archive.machine for archive in archives}
            chosen += [archive for archive in archives if not machines or archive.machine in machines]
            sources[split] = source
            self._say_source(split, source)
        if unknown := sorted(set(machines) - available):
            raise RecordError(
                f"dcase{year} has no machine {', '.join(unknown)} in {', '.join(splits)}; "
                f"it has {', '.join(sorted(available, key=str.lower))}."
            )
        self._manifest = replace(self._manifest, sources=sources)
        return chosen

    def _at_hand(self, archive: Archive) -> bool:
        return self._is_published(archive) or self._places.placed(archive.name) is not None

    def _is_published(self, archive: Archive) -> bool:
        before = self._manifest.archives.get(archive.name)
        return before is not None and archive.md5 in (None, before.md5) and before.all_there(self._places)

    def _say_source(self, split: str, source: Source) -> None:
        self._progress.say(f"{split}: {source.title} (record {source.record})")
        self._progress.say(f"  licence: {source.licence}\n  cite: {source.citation}")

    # Running

    def run(self, archives: list[Archive]) -> DownloadReport:
        """Two zip files at a time; one that fails does not stop the others."""
        present = [archive for archive in archives if self._is_published(archive)]
        for archive in present:
            self._tidy(archive.name)
        wanted = [archive for archive in archives if archive not in present]
        failures = []
        with self._transfers(wanted), ThreadPoolExecutor(AT_ONCE) as pool:
            tasks = {pool.submit(self._obtain, archive): archive for archive in wanted}
            try:
                for task in as_completed(tasks):
                    if isinstance(error := task.exception(), DownloadError | OSError):
                        failures.append(Failure(tasks[task].name, error))
                        self._progress.say(f"{tasks[task].name}: FAILED")
                    elif error is not None:
                        raise error
            except BaseException:
                self._web.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        failed = {failure.name for failure in failures}
        folders = {self._places.raw(archive.split) for archive in archives if archive.name not in failed}
        return DownloadReport(
            tuple(sorted(folders)),
            tuple(archive.name for archive in wanted if archive.name not in failed),
            tuple(archive.name for archive in present),
            tuple(sorted(failures, key=lambda failure: failure.name)),
        )

    @contextmanager
    def _transfers(self, wanted: list[Archive]) -> Iterator[None]:
        """Checks the disk space, then shows the progress of the transfers."""
        placed = [path.stat().st_size for a in wanted if (path := self._zip_at_hand(a.name)) is not None]
        fetched = [a for a in wanted if self._zip_at_hand(a.name) is None]
        sizes = [a.size or 0 for a in fetched]
        begun = sum(begun_bytes(a, self._places.part(a.name)) for a in fetched)
        needed = bytes_needed(sizes, begun=begun, placed=placed, keep_zip=self._keep_zip)
        require_free(self._places.work, needed, f"downloading and unpacking {counted(len(wanted), 'zip file')}")
        if not fetched:
            yield
            return
        with self._progress.stage("download", sum(sizes), done=begun, in_bytes=True) as self._moved:
            yield

    def _zip_at_hand(self, name: str) -> Path | None:
        """A zip file placed by hand, or fetched whole by an earlier call."""
        fetched = self._places.fetched(name)
        return self._places.placed(name) or (fetched if fetched.is_file() else None)

    def _obtain(self, archive: Archive) -> None:
        """Takes an archive from its current state to files in place and an entry in the manifest."""
        name, places = archive.name, self._places
        ready = read_receipt(places, name)
        if ready is not None and archive.md5 in (None, ready.md5) and self._publish(name, ready):
            return
        zip_path, md5 = self._sound_zip(archive)
        self._progress.say(f"{name}: unpacking")
        files = unpack(archive, zip_path, places.unpacked(name), self._web)
        size, checked = zip_path.stat().st_size, archive.md5 is not None
        ready = PublishedArchive(archive.split, archive.machine, size, md5, checked, tuple(files))
        write_receipt(places, name, ready)
        if not self._publish(name, ready):
            raise DownloadError(f"{name}: its files disappeared from {places.root} while they were moved there.")

    def _publish(self, name: str, ready: PublishedArchive) -> bool:
        with self._publishing:
            self._manifest = publish(self._places, name, ready, self._manifest)
        if self._manifest.archives.get(name) != ready:
            return False
        self._tidy(name)
        note = "" if ready.md5_checked else "; md5 unknown and not compared (each file's CRC is correct)"
        self._progress.say(f"{name}: {counted(len(ready.files), 'file')} in {self._places.raw(ready.split)}{note}")
        return True

    def _sound_zip(self, archive: Archive) -> tuple[Path, str]:
        """(the zip file, its md5): placed by hand, fetched before, or fetched now; of the right length and md5."""
        name, places = archive.name, self._places
        if (placed := places.placed(name)) is not None:
            md5 = md5_of(placed, self._web)
            if archive.md5 not in (None, md5):
                raise WrongContentError(
                    f"{placed} has the md5 {md5}, but the record says {archive.md5}. It was not used; remove it to "
                    "have it downloaded."
                )
            return placed, md5
        fetched, part = places.fetched(name), places.part(name)
        if fetched.is_file() and (md5 := md5_of(fetched, self._web)) == archive.md5:
            return fetched, md5
        if archive.md5 is None:
            raise WrongContentError(f"{name} is neither in {places.root} nor in the record any more.")
        fetch(archive, part, self._web, self._moved)
        part.rename(fetched)
        drop(part)
        return fetched, archive.md5

    def _tidy(self, name: str) -> None:
        """After unpacking: keeps or removes the fetched zip file, and removes everything else."""
        fetched = self._places.fetched(name)
        if self._keep_zip and fetched.is_file():
            self._places.kept(name).parent.mkdir(exist_ok=True)
            fetched.rename(self._places.kept(name))
        fetched.unlink(missing_ok=True)
        drop(self._places.part(name))
        self._places.receipt(name).unlink(missing_ok=True)
        shutil.rmtree(self._places.unpacked(name), ignore_errors=True)
