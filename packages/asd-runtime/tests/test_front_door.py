"""The package's front door opens quickly, and loads no heavy library."""

import subprocess
import sys


def test_importing_the_package_loads_no_heavy_library() -> None:
    heavy = ["numpy", "soundfile", "scipy", "openvino", "typer", "rich", "torch", "sklearn"]
    code = f"import sys, asd_runtime; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
