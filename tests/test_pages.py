"""README and docs hold together: links lead somewhere, commands exist, numbers agree, the README stays short."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import typer.main

from asd_recipes.dataset import clip_table
from asd_runtime.cli import command_line
from asd_runtime.scoring.recording_table import COLUMNS, STRETCH_COLUMNS

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
DOCS = sorted(ROOT.glob("docs/*.md"))
PAGES = [
    README,
    ROOT / "CONTRIBUTING.md",
    ROOT / "native" / "README.md",
    *sorted(ROOT.glob("packages/*/README.md")),
    *DOCS,
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
SESSIONS = re.compile(r"nox -s ([a-z_ ]+)")
ASD = re.compile(r"^(?:\$ )?asd (.+)$", re.MULTILINE)
INSTALL = re.compile(r"pip install ([^`\n]*)")
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", _text(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@EACH_PAGE
def test_no_link_is_dead(page: Path) -> None:
    for target in LINK.findall(BLOCK.sub("", _text(page))):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        place = (page.parent / name).resolve() if name else page
        assert place.is_file(), f"{page.name} links to {target}"
        assert not anchor or anchor in _anchors(place), f"{page.name} links to {target}"


def test_the_readme_leads_to_every_page() -> None:
    linked = {(ROOT / target).resolve() for target in LINK.findall(_text(README)) if "://" not in target}
    assert linked >= set(PAGES) - {README}


def test_the_readme_has_at_most_100_lines_and_the_two_commands() -> None:
    lines = _text(README).splitlines()
    assert len(lines) <= 100
    assert "python -m pip install nox && nox -s reproduce" in lines
    assert "python -m pip install nox && nox -s tests" in lines


def test_the_readme_s_scores_are_those_of_the_page_of_results() -> None:
    rows = re.findall(r"^\| ([^|]+?)(?: \(an ensemble\))? \| ([\d.]+) \| ([\d.]+) to ([\d.]+) \|$", _text(README), re.M)
    assert len(rows) == 8
    for system, score, low, high in rows:
        assert re.search(rf"^- {re.escape(system)}: .*; official {score} \[{low}, {high}\]$",
                         _text(ROOT / "docs" / "results_synthetic.md"), re.M), system  # fmt: skip


def test_the_page_of_score_tables_has_the_columns_that_are_written() -> None:
    rows = re.findall(r"^\| (`.*?`) \| ", _text(ROOT / "docs" / "score_tables.md"), re.M)
    assert re.findall(r"`(\w+)`", " ".join(rows)) == [*COLUMNS, *STRETCH_COLUMNS]


def test_the_page_of_data_sets_and_the_reader_of_tables_say_the_same_of_each_column() -> None:
    def rows(text: str) -> list[str]:
        table = text[text.index("| holds | without it |") :]
        return re.findall(r"^\| .*$", table.replace("`", ""), re.M)[:6]

    assert rows(_text(ROOT / "docs" / "data_layouts.md")) == rows(clip_table.__doc__ or "")


@EACH_PAGE
def test_the_sessions_of_nox_that_a_page_names_exist(page: Path) -> None:
    tree = ast.parse((ROOT / "noxfile.py").read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list}
    for names in SESSIONS.findall(_text(page)):
        assert set(names.split()) <= functions, names


@EACH_PAGE
def test_the_commands_and_options_of_asd_that_a_page_shows_exist(page: Path) -> None:
    for block in BLOCK.findall(_text(page)):
        for line in ASD.findall(block):
            _check_command(line.split("#")[0].split())


def test_the_patterns_find_what_the_pages_show() -> None:
    """A check of each thing found passes where nothing is found."""
    texts = [_text(page) for page in PAGES]
    assert len(DOCS) >= 9
    assert sum(len(LINK.findall(BLOCK.sub("", text))) for text in texts) >= 30
    assert sum(len(SESSIONS.findall(text)) for text in texts) >= 15
    assert sum(len(ASD.findall(block)) for text in texts for block in BLOCK.findall(text)) >= 20
    assert sum(len(INSTALL.findall(text)) for text in texts) >= 10


def _check_command(words: list[str]) -> None:
    command: Any = typer.main.get_command(command_line())
    while hasattr(command, "commands"):
        assert words, command.name
        assert words[0] in command.commands, words
        command = command.commands[words.pop(0)]
    options = {name for parameter in command.params for name in [*parameter.opts, *parameter.secondary_opts]}
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= options, words


@EACH_PAGE
def test_what_a_page_installs_of_ours_comes_from_the_checkout(page: Path) -> None:
    """No package of ours is on an index yet."""
    for command in INSTALL.findall(_text(page)):
        for word in command.replace('"', " ").replace("'", " ").split():
            assert not word.startswith("asd-"), f"pip install {command}"
