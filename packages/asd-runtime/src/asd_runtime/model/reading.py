"""Reads a model's manifest and files without trusting them.

Only regular files are opened, and only under names that this package gives. So nothing outside the folder is read, and
a pipe cannot block.
"""

import hashlib
import os
from pathlib import Path
from typing import Any

from asd_runtime.errors import ModelError
from asd_runtime.model.agreement import check_agreement
from asd_runtime.model.manifest import FORMAT, LARGEST_MANIFEST_BYTES, MANIFEST, SCHEMA, Manifest, content_digest
from asd_runtime.regular_file import NotRegularError, read_regular
from asd_runtime.strict_json import JsonError, parse_strict
from asd_runtime.typed_values import as_dataclass

_AGAIN = "Copy the model again from the original, or make it again with `asd fit`."


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a model, checked; `read_file` checks the files that it lists.

    Raises:
        ModelError: not a model, or a damaged, altered, older or newer one.
    """
    path = folder / MANIFEST
    if not os.path.lexists(path):
        made = "Pass a folder that `asd fit` or `asd export` made."
        raise ModelError(folder, f"has no {MANIFEST}, so it is not a model. {made}")
    content = _read_regular(path, most=LARGEST_MANIFEST_BYTES)
    try:
        return _checked(parse_strict(content), path)
    except ModelError:
        raise
    except (ValueError, OverflowError) as error:  # JsonError, TypedValueError, or a settings class refused a value
        raise ModelError(path, f"{error}. {_AGAIN}") from error


def read_file(folder: Path, name: str, manifest: Manifest) -> bytes:
    """A file that the manifest lists, as it was written.

    Raises:
        ModelError: the file is missing, is not a regular file, or has another length or content.
    """
    path, facts = folder / name, manifest.files[name]
    for above in path.relative_to(folder).parents:
        if (folder / above).is_symlink() and above != Path():  # the folder itself may be reached by a link
            raise ModelError(folder / above, f"is a link, but a model must contain its files. {_AGAIN}")
    content = _read_regular(path, most=facts.bytes)
    if len(content) != facts.bytes or hashlib.sha256(content).hexdigest() != facts.sha256:
        raise ModelError(path, f"is not the file that was written: its length or hash differs. {_AGAIN}")
    return content


def _read_regular(path: Path, *, most: int) -> bytes:
    try:
        return read_regular(path, most=most)
    except FileNotFoundError:
        raise ModelError(path, f"is missing. {_AGAIN}") from None
    except NotRegularError as error:
        raise ModelError(path, f"{error}. {_AGAIN}") from error
    except OSError as error:
        raise ModelError(path, f"cannot be read, or is a link ({error.strerror}). {_AGAIN}") from error


def _checked(content: Any, path: Path) -> Manifest:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise JsonError("it is not the manifest of a model of `asd fit`")
    schema = content.get("schema")
    if type(schema) is not int or schema < 1:
        raise JsonError("its schema must be a whole number of at least 1")
    if schema != SCHEMA:
        age, way_out = ("a newer", "Upgrade.") if schema > SCHEMA else ("an older", "Make it again with `asd fit`.")
        raise ModelError(
            path, f"was written by {age} version of asd (schema {schema}; this one reads {SCHEMA}). {way_out}"
        )
    if content.pop("manifest_sha256", None) != content_digest(content):
        raise JsonError("it was changed after it was written: its hash differs")
    del content["format"], content["schema"]
    manifest = as_dataclass(Manifest, content, "manifest")
    check_agreement(manifest)
    return manifest
