"""A fitted inlier model as one safetensors file: plain arrays and a JSON header, nothing executable.

The same model always gives the same bytes. A loaded model gives the scores of the saved one.
"""

import json
import os
import secrets
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

if TYPE_CHECKING:
    from asd_inlier.gaussian_mixture import GaussianMixtureInlier
    from asd_inlier.mahalanobis_knn import MahalanobisKNN

SCHEMA = 1
# Only one key: safetensors would write several in any order, and the bytes would differ between runs.
_KEY = "asd_inlier"
# Class, its module, and the arrays that it writes; those in _OPTIONAL where its parameters ask for them.
_LAYOUTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "GaussianMixtureInlier": (
        "asd_inlier.gaussian_mixture",
        {
            "em": "int64",
            "location": "float64",
            "means": "float32",
            "precisions_cholesky": "float32",
            "scale": "float64",
            "weights": "float64",
        },
    ),
    "MahalanobisKNN": (
        "asd_inlier.mahalanobis_knn",
        {"location": "float64", "shrinkage": "float64", "training": "float32", "whitening": "float64"},
    ),
}
_OPTIONAL = {"MahalanobisKNN": {"local_distance": "float32"}}
# Parameters that came later: written where they are set, so that what lacks them keeps its bytes and older readers.
_LATER = {"standardise": False, "local_density": None}


class ModelFileError(ValueError):
    """A file that is not an inlier model of this package, is damaged, or is from a newer version.

    Attributes:
        path: the file.
    """

    def __init__(self, path: str | os.PathLike[str], reason: str) -> None:
        super().__init__(f"{os.fspath(path)}: {reason}")
        self.path = Path(path)


def save_inlier_model(model: "MahalanobisKNN | GaussianMixtureInlier", path: str | os.PathLike[str]) -> None:
    """Write a fitted model; the file appears whole or not at all.

    A model does not depend on the machine that fitted it: the backend "faiss-gpu" is written as "auto". Set it again
    with `set_params` where the loaded model is to search on a GPU.

    Args:
        model: fitted MahalanobisKNN or GaussianMixtureInlier.
        path: replaced if it exists.

    Raises:
        TypeError: if model is of another class, or one of its parameters (such as a RandomState) cannot be written as
            JSON.
        NotFittedError: if it is not fitted.
        OSError: if the folder cannot be written.
    """
    from sklearn.utils.validation import check_is_fitted  # type: ignore[import-untyped, unused-ignore]

    name = type(model).__name__
    if name not in _LAYOUTS:
        raise TypeError(f"model must be one of {', '.join(_LAYOUTS)}; got {name}.")
    check_is_fitted(model)
    parameters = {key: value for key, value in _plain(model.get_params()).items() if value != _LATER.get(key, ...)}
    if parameters.get("backend") == "faiss-gpu":
        parameters["backend"] = "auto"
    header = {"class": name, "parameters": parameters, "schema": SCHEMA}
    arrays = {key: np.ascontiguousarray(array) for key, array in model._to_arrays().items()}
    _write_whole(Path(path), save(arrays, metadata={_KEY: json.dumps(header, sort_keys=True)}))


def load_inlier_model(path: str | os.PathLike[str]) -> "MahalanobisKNN | GaussianMixtureInlier":
    """Read a model that `save_inlier_model` wrote.

    A model with backend "auto" uses FAISS if it is installed here.

    Raises:
        FileNotFoundError: if there is no such file.
        ModelFileError: if it is not an inlier model, is damaged, or was written by a newer version.
        ImportError: if its backend is "faiss" and FAISS is not installed.
    """
    try:
        with safe_open(os.fspath(path), framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays: dict[str, NDArray[Any]] = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ModelFileError(path, f"not a whole safetensors file ({error}). Save the model again.") from error
    except (AttributeError, TypeError) as error:  # such as bfloat16
        raise ModelFileError(
            path, f"its arrays are of a type that NumPy lacks ({error}). Save the model again."
        ) from error
    name, parameters = _checked_header(path, metadata)
    module, layout = _LAYOUTS[name]
    optional = {key: kind for key, kind in _OPTIONAL.get(name, {}).items() if key in arrays}
    _check_arrays(path, arrays, {**layout, **optional})
    try:
        model = getattr(import_module(module), name)(**parameters)
        model._from_arrays(arrays)
    except (TypeError, ValueError) as error:
        raise ModelFileError(path, f"does not hold a valid {name}: {error}. Save the model again.") from error
    return model  # type: ignore[no-any-return]


def _plain(parameters: Mapping[str, Any]) -> dict[str, Any]:
    plain = {key: value.item() if isinstance(value, np.generic) else value for key, value in parameters.items()}
    for key, value in plain.items():
        if not (value is None or isinstance(value, str | int | float)):
            raise TypeError(f"{key} must be a plain number, text or None to be saved; got {type(value).__name__}.")
    return plain


def _checked_header(path: str | os.PathLike[str], metadata: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    if _KEY not in metadata:
        raise ModelFileError(path, "a safetensors file, but not an inlier model: its metadata lacks 'asd_inlier'.")
    try:
        header = json.loads(metadata[_KEY], object_pairs_hook=_without_repeats)
        schema, name, parameters = header["schema"], header["class"], header["parameters"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelFileError(path, f"its header cannot be read ({error!r}). Save the model again.") from error
    if isinstance(schema, bool) or not isinstance(schema, int) or schema < 1:
        raise ModelFileError(path, f"its schema must be a whole number of at least 1; got {schema!r}.")
    if schema > SCHEMA:
        raise ModelFileError(path, f"written by a newer asd-inlier: schema {schema}, this one reads {SCHEMA}. Upgrade.")
    if not isinstance(name, str) or name not in _LAYOUTS or not isinstance(parameters, dict):
        raise ModelFileError(path, f"its class must be one of {', '.join(_LAYOUTS)}; got {name!r}.")
    return name, parameters


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = dict(pairs)
    if len(keys) < len(pairs):
        raise ValueError("a key occurs twice")
    return keys


def _check_arrays(path: str | os.PathLike[str], arrays: Mapping[str, NDArray[Any]], layout: Mapping[str, str]) -> None:
    found = {key: str(array.dtype) for key, array in arrays.items()}
    if found != dict(layout):
        raise ModelFileError(path, f"its arrays must be {dict(layout)}; got {found}. Save the model again.")
    for key, array in arrays.items():
        if array.size == 0 or not np.isfinite(array).all():
            raise ModelFileError(path, f"array {key!r} must hold finite numbers. Save the model again.")


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside and rename, so that a killed run leaves either the old file or the new one.

    A link stays, and the file that it points to is replaced. A device or a pipe is written into.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    target = Path(os.path.realpath(path))
    # Not by tempfile: its mode 0600 would hide the model from other users, whatever the umask.
    beside = target.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with open(beside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
