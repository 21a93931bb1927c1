"""Where the C library of this installation is, for build systems: `python -m asd_native --help`."""

from __future__ import annotations

import argparse
from pathlib import Path

from asd_native import _core

_HELP = """\
Print where the headers and the shared library of asd-native are, for programs in C, C++, Rust and others.

With CMake (find_package(asd REQUIRED), then link asd::asd):
  cmake -S . -B build -Dasd_DIR="$(python -m asd_native --cmake-dir)"

With pkg-config:
  export PKG_CONFIG_PATH="$(python -m asd_native --pkgconfig-dir)"
  cc main.c $(pkg-config --cflags --libs asd) -Wl,-rpath,"$(pkg-config --variable=libdir asd)"
"""
_FOLDERS = {
    "--cmake-dir": ("lib/cmake/asd", "folder of asdConfig.cmake"),
    "--include-dir": ("include", "folder of asd/asd.h and asd/asd.hpp"),
    "--pkgconfig-dir": ("lib/pkgconfig", "folder of asd.pc"),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m asd_native", description=_HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    choice = parser.add_mutually_exclusive_group(required=True)
    for option, (folder, text) in _FOLDERS.items():
        choice.add_argument(option, action="store_const", const=folder, dest="folder", help=text)
    # Beside the compiled module: an editable installation keeps that apart from the sources.
    print(Path(_core.__file__).parent / parser.parse_args().folder)


if __name__ == "__main__":
    main()
