"""What is written whole replaces the file that was meant, and neither a link nor a device."""

from pathlib import Path

from asd_eval.whole_file import write_text


def test_a_link_stays_and_a_name_may_be_as_long_as_a_name_may_be(tmp_path: Path) -> None:
    target, link = tmp_path / ("r" * 255), tmp_path / "link"
    link.symlink_to(target.name)
    write_text(link, "text\n")
    assert link.is_symlink()
    assert target.read_text() == "text\n"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_device_is_written_into(tmp_path: Path) -> None:
    (tmp_path / "null").symlink_to("/dev/null")
    write_text(tmp_path / "null", "text\n")
    assert (tmp_path / "null").is_symlink()
