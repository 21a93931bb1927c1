"""Labels and domains of test clips: from their names, or from the organisers' ground-truth files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from asd_eval.errors import ClipMismatchError, DuplicateNameError, FileNameError, MissingFileError, RowError
from asd_eval.inputs.score_table import ScoreTable
from asd_eval.submissions.csv_rows import CsvRows, read_csv_rows
from asd_eval.submissions.names import label_in_name, parse_submission_name
from asd_eval.submissions.reading import SectionScores, Submission


@dataclass(frozen=True)
class GroundTruth:
    """Labels, domains and other names of test clips.

    Attributes:
        clips: label and domain ("" if unknown) by (machine, section) and clip name.
        aliases: other names of the same clips, by (machine, section): labelled name to clip name.
    """

    path: Path
    clips: dict[tuple[str, str], dict[str, tuple[int, str]]]
    aliases: dict[tuple[str, str], dict[str, str]]


def read_ground_truth(path: Path | str) -> GroundTruth:
    """Read ground truth in any of the organisers' three forms.

    - the directory of an official evaluator (2023 and later), with ``ground_truth_data`` and ``ground_truth_domain``
      in it, and perhaps ``ground_truth_attributes``;
    - a directory of ground_truth_*.csv files (2021);
    - one file eval_data_list*.csv: a row with the machine, then rows of the clip's name and its labelled name.

    Raises:
        SubmissionError: naming file and row.
    """
    place = Path(path)
    if place.is_file():
        return _data_list(place)
    if not place.is_dir():
        raise MissingFileError("there is no such ground-truth file or directory.", path=place)
    inner = place / "ground_truth_data"
    return _evaluator_directory(place, inner) if inner.is_dir() else _evaluator_directory(place, place)


def labelled_table(submission: Submission, ground_truth: GroundTruth | None = None) -> ScoreTable:
    """A submission's scores with labels and domains, ready to evaluate.

    Without ``ground_truth`` they are read from the clips' names, as development sets have them.

    Raises:
        ClipMismatchError: if a clip is not in the ground truth, or one of the ground truth is not in the submission.
        DuplicateNameError: if a clip appears twice, under its own name and its labelled one.
    """
    tables = []
    for scores in submission.sections:
        known = _named_clips(scores) if ground_truth is None else _known_clips(scores, ground_truth)
        tables.append(
            ScoreTable.from_columns(
                labels=[label for label, _ in known],
                scores=scores.scores,
                domains=[domain or scores.rules.domain for _, domain in known],
                machines=scores.rules.machine,
                sections=scores.rules.section,
                decisions=scores.decisions,
                names=list(scores.names),
            )
        )
    if ground_truth is not None:
        _refuse_missing_sections(submission, ground_truth)
    return ScoreTable.concatenate(tables)


def _named_clips(scores: SectionScores) -> list[tuple[int, str]]:
    known = []
    for row, name in zip(scores.rows, scores.names, strict=True):
        clip = label_in_name(name)
        if clip is None:
            raise ClipMismatchError(
                f"{name} has no label and no domain in it; pass ground_truth, or use the labelled names.",
                path=scores.path,
                row=row,
            )
        known.append((clip.label, clip.domain))
    return known


def _known_clips(scores: SectionScores, truth: GroundTruth) -> list[tuple[int, str]]:
    key = scores.rules.machine, scores.rules.section
    if key not in truth.clips:
        raise ClipMismatchError(f"no ground truth of {key[0]} section {key[1]} in {truth.path}.", path=scores.path)
    clips, aliases = truth.clips[key], truth.aliases.get(key, {})
    names = [aliases.get(name, name) for name in scores.names]
    seen: dict[str, tuple[int, str]] = {}
    for row, name, written in zip(scores.rows, names, scores.names, strict=True):
        if name not in clips:
            raise ClipMismatchError(f"{name} is not in the ground truth {truth.path}.", path=scores.path, row=row)
        if name in seen:
            first, other = seen[name]
            raise DuplicateNameError(
                f"{written} is the same clip as {other} in row {first}, by the ground truth {truth.path}.",
                path=scores.path,
                row=row,
            )
        seen[name] = row, written
    domain = scores.rules.domain
    expected = {name for name, (_, found) in clips.items() if domain in ("", found)}
    missing = sorted(expected - set(names))
    if missing:
        raise ClipMismatchError(f"lacks {len(missing)} of {len(expected)} clips: {missing[0]} ...", path=scores.path)
    return [clips[name] for name in names]


def _refuse_missing_sections(submission: Submission, truth: GroundTruth) -> None:
    found = {(s.rules.machine, s.rules.section) for s in submission.sections}
    missing = sorted(truth.clips.keys() - found)
    if missing:
        machine, section = missing[0]
        raise ClipMismatchError(
            f"no anomaly scores of {machine} section {section}, which the ground truth has "
            f"({len(missing)} sections are missing).",
            path=submission.directory,
        )


def _evaluator_directory(place: Path, labels: Path) -> GroundTruth:
    truth = GroundTruth(place, {}, {})
    files = sorted(labels.glob("ground_truth_*.csv"))
    if not files:
        raise MissingFileError("no ground_truth_*.csv files in it. Pass the folder that holds them.", path=labels)
    for file in files:
        rules = parse_submission_name(file.name)
        if rules is None:
            raise FileNameError("should be ground_truth_<machine>_section_<nn>_test.csv.", path=file)
        key = rules.machine, rules.section
        labels_of = _flags(read_csv_rows(file), "label")
        domains_of = _domains(place / "ground_truth_domain" / file.name, file, rules.domain, labels_of)
        clips = truth.clips.setdefault(key, {})
        clips.update({name: (label, domains_of[name]) for name, label in labels_of.items()})
        attributes = place / "ground_truth_attributes" / file.name
        if attributes.is_file():
            truth.aliases.setdefault(key, {}).update(_aliases(read_csv_rows(attributes, fields=(2, 3))))
    return truth


def _domains(path: Path, label_file: Path, named: str, labels: dict[str, int]) -> dict[str, str]:
    """Domain of each clip: from the file's name (2021), from a file of flags, or unknown."""
    if named or not path.parent.is_dir():
        return dict.fromkeys(labels, named)
    flags = _flags(read_csv_rows(path), "domain")
    if flags.keys() != labels.keys():
        raise ClipMismatchError(
            f"{min(flags.keys() ^ labels.keys())} is in only one of this and {label_file}.", path=path
        )
    return {name: "target" if flag else "source" for name, flag in flags.items()}


def _flags(file: CsvRows, what: str) -> dict[str, int]:
    return {name: file.flag(fields[0], row, what=what) for name, (row, fields) in file.by_name().items()}


def _aliases(file: CsvRows) -> dict[str, str]:
    # The official evaluator adds .wav to the labelled name, which some of its files carry and others lack.
    return {
        f"{alias.removesuffix('.wav')}.wav": name for name, (_, aliases) in file.by_name().items() for alias in aliases
    }


def _data_list(path: Path) -> GroundTruth:
    truth = GroundTruth(path, {}, {})
    machine = ""
    for row, (first, *others) in read_csv_rows(path, fields=(1, 2, 3)).rows:
        if not others:
            machine = first
            continue
        labelled = others[0]
        clip = label_in_name(labelled)
        if not machine or clip is None:
            rule = "the first row must name the machine" if not machine else f"{labelled!r} has no label in it"
            raise RowError(f"{rule}; rows are <clip name>,<labelled name>.", path=path, row=row)
        words = labelled.split("_")
        # section_03_source_test_... by the rules since 2021, normal_id_05_... by those of 2020
        section = words[words.index("id") + 1] if "id" in words[:2] else words[1]
        clips = truth.clips.setdefault((machine, section), {})
        if first in clips:
            raise DuplicateNameError(f"{first} of {machine} appears twice.", path=path, row=row)
        clips[first] = clip.label, clip.domain
        truth.aliases.setdefault((machine, section), {})[labelled] = first
    if not truth.clips:
        raise RowError("no rows <clip name>,<labelled name>.", path=path, row=1)
    return truth
