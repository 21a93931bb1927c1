"""A file or a folder is whole or unchanged, whatever happens to the process that writes it."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from asd_runtime.whole_file import remove_partial_files, whole_folder, write_json, write_text, write_whole


def _broken(partial: Path) -> None:
    partial.write_text("half of th")
    raise OSError("no space left on device")


def test_a_writer_that_raises_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no space"):
        write_whole(tmp_path / "new" / "scores.csv", _broken)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_writer_that_raises_leaves_the_old_content(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    write_text(path, "old\n")
    with pytest.raises(OSError, match="no space"):
        write_whole(path, _broken)
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == {"scores.csv": "old\n"}


def test_a_writer_that_was_killed_does_not_stop_the_next(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    script = (
        "import os, sys; from pathlib import Path; from asd_runtime.whole_file import write_whole\n"
        "write_whole(Path(sys.argv[1]), lambda partial: (partial.write_text('half'), os._exit(9)))"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == 9
    assert not path.exists()
    write_text(path, "whole\n")
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == {"scores.csv": "whole\n"}


def test_equal_content_gives_equal_json_bytes_whatever_the_order(tmp_path: Path) -> None:
    write_json(tmp_path / "a", {"x": 1, "y": {"b": 0.1, "a": None}})
    write_json(tmp_path / "b", {"y": {"a": None, "b": 0.1}, "x": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_full_disk_is_reported_with_the_name_of_the_file(tmp_path: Path) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match=r"No space left on device: .*scores\.csv"):
        write_whole(tmp_path / "scores.csv", full)


def test_a_folder_that_is_not_filled_leaves_the_old_one(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old").touch()
    with pytest.raises(OSError, match="no space"), whole_folder(tmp_path / "model") as partial:
        _broken(partial / "new")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["model", "model/old"]


def test_a_filled_folder_replaces_the_old_one_without_remains_of_a_killed_writer(tmp_path: Path) -> None:
    for left in ("model", ".model.partial"):
        (tmp_path / left).mkdir()
        (tmp_path / left / "old").touch()
    with whole_folder(tmp_path / "model") as partial:
        (partial / "new").touch()
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")] == ["model", "model/new"]


def test_only_the_remains_of_killed_writers_are_removed(tmp_path: Path) -> None:
    (tmp_path / "fan" / ".folder.partial").mkdir(parents=True)
    for name in (".scores.csv.partial", ".tmpx1", "scores.csv", ".lock", "own.partial"):
        (tmp_path / "fan" / name).touch()
    remove_partial_files(tmp_path)
    left = sorted(path.name for path in (tmp_path / "fan").iterdir())
    assert left == [".folder.partial", ".lock", "own.partial", "scores.csv"]


def test_a_link_stays_and_the_file_that_it_points_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    link = tmp_path / "scores.csv"
    link.symlink_to("kept/monday.csv")
    for text in ("new\n", "newer\n"):
        write_text(link, text)
        assert link.is_symlink()
        assert {entry.name: entry.read_text() for entry in (tmp_path / "kept").iterdir()} == {"monday.csv": text}


def test_a_link_that_leads_back_to_itself_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to("a.csv")
    with pytest.raises(OSError, match=r"symbolic links: .*a\.csv"):
        write_text(tmp_path / "a.csv", "text")
    assert (tmp_path / "a.csv").is_symlink()


def test_a_pipe_is_written_into_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "scores.csv"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    write_text(pipe, "text\n")
    reader.join(timeout=10)
    assert read == ["text\n"]
    assert pipe.is_fifo()
    assert [entry.name for entry in tmp_path.iterdir()] == ["scores.csv"]


def test_a_device_is_written_into_and_stays_a_device(tmp_path: Path) -> None:
    assert Path("/dev/null").is_char_device()
    (tmp_path / "nothing").symlink_to("/dev/null")  # through a link: what would be replaced is the link alone
    write_text(tmp_path / "nothing", "text\n")
    assert (tmp_path / "nothing").is_symlink()
    assert Path("/dev/null").is_char_device()


def test_what_goes_to_standard_output_comes_in_its_place_also_where_that_is_a_file(tmp_path: Path) -> None:
    script = (  # not /dev/stdout itself: a writer that renames would replace it
        "from pathlib import Path; from asd_runtime.whole_file import write_text\n"
        "print('before'); write_text(Path('/proc/self/fd/1'), 'table\\n'); print('after')"
    )
    with (tmp_path / "log").open("w") as log:
        subprocess.run([sys.executable, "-c", script], stdout=log, check=True)
    assert (tmp_path / "log").read_text() == "before\ntable\nafter\n"


@pytest.mark.parametrize("length", [246, 247, 255])
def test_a_name_as_long_as_a_name_may_be_can_be_written_and_what_a_killed_writer_left_is_found(
    length: int, tmp_path: Path
) -> None:
    path = tmp_path / ("ü" + "s" * (length - 6) + ".csv")
    script = (
        "import os, sys; from pathlib import Path; from asd_runtime.whole_file import write_whole\n"
        "write_whole(Path(sys.argv[1]), lambda partial: (partial.write_text('half'), os._exit(9)))"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == 9
    remove_partial_files(tmp_path)
    assert list(tmp_path.iterdir()) == []
    write_text(path, "whole\n")
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
