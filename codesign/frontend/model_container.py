"""Taking a model file apart without trusting it: what kind of file it is, and its parts read within limits.

Nothing here imports Keras or unpickles; a file is read once, so what was checked is what is loaded.
"""

from __future__ import annotations

import io
import json
import pickletools
import zipfile
import zlib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from codesign.errors import ModelFileError

MAX_FILE_BYTES = 1 << 30
"""The largest file that is read."""
MAX_CONFIG_BYTES = 64 << 20
"""The largest architecture (JSON) that is read."""
MAX_WEIGHT_BYTES = 1 << 30
"""The most bytes that all weights of a file may unpack to."""
MAX_RATIO = 100
"""How many times its packed size a part may unpack to, once it is above `SMALL_BYTES`."""
SMALL_BYTES = 16 << 20

SAVE_AGAIN = "save it again with model.save('model.keras')"


class FileKind(Enum):
    """What a model file is, by its first bytes."""

    KERAS_ZIP = "a .keras archive"
    HDF5 = "an HDF5 file"
    JSON = "an architecture in JSON"


@dataclass(frozen=True)
class Parts:
    """The parts of a model file.

    Attributes:
        config: the architecture as decoded JSON.
        weights: the bytes of the HDF5 file that holds the weights.
        legacy: the config is in the layout of Keras 2 files (no module names).
    """

    config: Any
    weights: bytes
    legacy: bool


_FOREIGN = {
    ".onnx": "is an ONNX graph, which codesign does not read; give the Keras or QKeras model it was exported from",
    ".pb": "is a TensorFlow graph, which codesign does not read; load it where it was made and "
    "model.save('model.keras')",
    ".tflite": "is a TFLite model, which codesign does not read; give the Keras or QKeras model it was made from",
    ".pt": "is a PyTorch pickle, which runs code when it is loaded; codesign reads Keras and QKeras models",
    ".pth": "is a PyTorch pickle, which runs code when it is loaded; codesign reads Keras and QKeras models",
}
_PICKLES = (".pkl", ".pickle", ".joblib", ".dill")
_PICKLE = f"is a pickle, which runs code when it is loaded and is therefore refused; {SAVE_AGAIN}"


def read_model_bytes(path: Path) -> bytes:
    """The bytes of a model file.

    Raises:
        ModelFileError: it is missing, a folder, empty, too large, unreadable, or of a kind that is never loaded.
    """
    if path.is_dir():
        if (path / "saved_model.pb").exists() or (path / "keras_metadata.pb").exists():
            raise ModelFileError(
                f"{path} is a SavedModel folder, which Keras 3 cannot load; load it where it was made and "
                "model.save('model.keras')"
            )
        raise ModelFileError(f"{path} is a folder, not a model file; give a .keras, .h5 or .json file")
    suffix = path.suffix.lower()
    if not path.exists():
        raise ModelFileError(f"{path} does not exist; give the path of a .keras, .h5 or .json model")
    if suffix in _PICKLES:
        raise ModelFileError(f"{path} {_PICKLE}")
    if suffix in _FOREIGN:
        raise ModelFileError(f"{path} {_FOREIGN[suffix]}")
    if not path.is_file():
        raise ModelFileError(f"{path} is not a regular file; give a .keras, .h5 or .json file")
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read ({error.strerror}); check its permissions") from error
    if not content:
        raise ModelFileError(f"{path} is empty; {SAVE_AGAIN}")
    if len(content) > MAX_FILE_BYTES:
        raise ModelFileError(f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB, the most that is loaded")
    return content


def file_kind(content: bytes, path: Path) -> FileKind:
    """What a file is, by its bytes, whatever its name says.

    Raises:
        ModelFileError: it is a pickle, or none of the kinds that are loaded.
    """
    if content.startswith(b"PK\x03\x04"):
        return FileKind.KERAS_ZIP
    if content.startswith(b"\x89HDF\r\n\x1a\n"):
        return FileKind.HDF5
    if content.lstrip()[:1] in (b"{", b"["):
        return FileKind.JSON
    if _is_pickle(content):
        raise ModelFileError(f"{path} {_PICKLE}")
    raise ModelFileError(
        f"{path} is neither a .keras archive, an HDF5 file nor JSON (it begins {content[:8]!r}), or its beginning is "
        f"damaged; {SAVE_AGAIN}"
    )


def _is_pickle(content: bytes) -> bool:
    if content[:1] == b"\x80" and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return True
    try:
        # The oldest protocols have no mark at the start: whatever reads as opcodes up to a STOP is one.
        return sum(1 for _ in pickletools.genops(content[:65536])) > 1
    except (ValueError, IndexError, UnicodeError, OverflowError, EOFError):
        return False


def decode_json(text: bytes, path: Path, part: str) -> Any:
    """Decode a JSON architecture.

    Raises:
        ModelFileError: it is not JSON, or nested too deeply.
    """
    if len(text) > MAX_CONFIG_BYTES:
        raise ModelFileError(f"{path}: {part} is larger than {MAX_CONFIG_BYTES >> 20} MiB; {SAVE_AGAIN}")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{path}: {part} is not readable JSON ({_short(error)}); {SAVE_AGAIN}") from error


def read_keras_zip(content: bytes, path: Path) -> Parts:
    """The parts of a `.keras` archive.

    Raises:
        ModelFileError: it is truncated or corrupt, lacks a part, is not a Keras archive, or unpacks to too much.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if any(name.endswith("data.pkl") for name in names):
                raise ModelFileError(
                    f"{path} holds a pickle (data.pkl), which runs code when it is loaded; {SAVE_AGAIN}"
                )
            for name in ("config.json", "model.weights.h5"):
                if names.count(name) != 1:
                    raise ModelFileError(
                        f"{path} holds {names.count(name)} parts named {name}, a .keras archive has one; {SAVE_AGAIN}"
                    )
            config = _member(archive, "config.json", MAX_CONFIG_BYTES, path)
            weights = _member(archive, "model.weights.h5", MAX_WEIGHT_BYTES, path)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise ModelFileError(
            f"{path} is truncated or corrupt ({_short(error)}); copy it again or {SAVE_AGAIN}"
        ) from error
    return Parts(decode_json(config, path, "config.json"), weights, legacy=False)


def _member(archive: zipfile.ZipFile, name: str, limit: int, path: Path) -> bytes:
    info = archive.getinfo(name)
    size = info.file_size
    if size > limit or (size > SMALL_BYTES and size > MAX_RATIO * max(info.compress_size, 1)):
        raise ModelFileError(
            f"{path}: {name} would unpack from {info.compress_size} to {size} bytes (the limits are {limit} bytes and "
            f"{MAX_RATIO} times its packed size); {SAVE_AGAIN}"
        )
    with archive.open(info) as stream:
        data = stream.read(limit + 1)
    if len(data) != size:
        raise ModelFileError(f"{path}: {name} holds {len(data)} bytes where {size} are declared; {SAVE_AGAIN}")
    return data


def read_hdf5_model(content: bytes, path: Path) -> Parts:
    """The parts of a legacy `.h5` model (architecture in the attribute `model_config`).

    Raises:
        ModelFileError: it is truncated or corrupt, holds no architecture, or fails `check_hdf5`.
    """
    import h5py

    check_hdf5(content, path)
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            config = file.attrs.get("model_config")
            has_weights = "model_weights" in file
    except Exception as error:  # h5py raises whatever the damaged byte led to
        raise _damaged(path, error) from error
    if config is None or not has_weights:
        raise ModelFileError(
            f"{path} holds weights but no architecture; give the architecture's .json with these weights beside it, or "
            f"{SAVE_AGAIN}"
        )
    if not isinstance(config, (str, bytes)):
        raise ModelFileError(f"{path}: model_config is {type(config).__name__}, not text; {SAVE_AGAIN}")
    text = config.encode("utf-8", "surrogateescape") if isinstance(config, str) else config
    return Parts(decode_json(text, path, "model_config"), content, legacy=True)


def check_hdf5(content: bytes, path: Path) -> None:
    """Walk an HDF5 file and check everything that reading its weights would touch.

    Raises:
        ModelFileError: it is truncated or corrupt, links to or stores data in another file, holds something other
            than numbers, or unpacks to too much.
    """
    import h5py

    total = 0
    seen: set[int] = set()
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            pending: list[Any] = [file]
            while pending:
                group = pending.pop()
                address = h5py.h5o.get_info(group.id).addr
                if address in seen:
                    continue
                seen.add(address)
                for name in group:
                    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                        raise ModelFileError(
                            f"{path}: {_quoted(name)} is a link to somewhere else, which no model needs; {SAVE_AGAIN}"
                        )
                    item = group[name]
                    if isinstance(item, h5py.Group):
                        pending.append(item)
                    elif isinstance(item, h5py.Dataset):
                        total += _check_dataset(item, path)
                if total > MAX_WEIGHT_BYTES or (total > SMALL_BYTES and total > MAX_RATIO * len(content)):
                    raise ModelFileError(
                        f"{path}: its weights would unpack to {total} bytes from a file of {len(content)} (the limits "
                        f"are {MAX_WEIGHT_BYTES} bytes and {MAX_RATIO} times its size); {SAVE_AGAIN}"
                    )
    except ModelFileError:
        raise
    except Exception as error:  # h5py raises whatever the damaged byte led to
        raise _damaged(path, error) from error


def _check_dataset(dataset: Any, path: Path) -> int:
    if dataset.external or dataset.is_virtual:
        raise ModelFileError(f"{path}: {_quoted(dataset.name)} keeps its data in another file; {SAVE_AGAIN}")
    if dataset.dtype.kind not in "fiub":
        raise ModelFileError(f"{path}: {_quoted(dataset.name)} holds {dataset.dtype}, not numbers; {SAVE_AGAIN}")
    return int(dataset.size or 0) * int(dataset.dtype.itemsize)


def _damaged(path: Path, error: BaseException) -> ModelFileError:
    return ModelFileError(f"{path} is truncated or corrupt ({_short(error)}); copy it again or {SAVE_AGAIN}")


def _quoted(name: str) -> str:
    return ascii(name[:80])


def _short(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:160]
