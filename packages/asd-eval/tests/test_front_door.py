"""The front door: what it promises is there, typed, documented, and costs nothing to open."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import asd_eval

SOURCE = Path(asd_eval.__file__).parent


def test_everything_promised_is_there_and_documented():
    assert "evaluate" in asd_eval.__all__
    for name in asd_eval.__all__:
        found = getattr(asd_eval, name)
        if inspect.isclass(found) or inspect.isfunction(found):
            assert found.__doc__, name
    assert set(asd_eval.__all__) <= set(dir(asd_eval))


def test_the_stub_names_exactly_what_the_package_promises():
    tree = ast.parse((SOURCE / "__init__.pyi").read_text())
    stub = {(alias.name, node.module) for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert stub == {(name, asd_eval._MODULE_OF.get(name)) for name in asd_eval.__all__}


def test_no_function_has_the_name_of_its_module():
    # importing the module would then hide the function
    assert not {path.stem for path in SOURCE.iterdir()} & set(asd_eval.__all__) - {"errors"}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nonsense"):
        asd_eval.nonsense  # noqa: B018


def test_importing_loads_neither_scipy_nor_matplotlib_and_evaluating_does_not_either():
    code = (
        "import sys, asd_eval\n"
        "asd_eval.evaluate([0, 1, 0, 1], [.1, .2, .3, .4], ['source', 'source', 'target', 'target'])\n"
        "assert not {'scipy', 'matplotlib', 'sklearn', 'torch', 'pandas'} & set(sys.modules), 'heavy import'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
