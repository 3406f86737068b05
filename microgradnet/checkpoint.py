"""Checkpoints: everything needed to resume training, in one file, bit for bit.

Arrays are stored as safetensors, the rest (rates, counts, the generators' states) as its JSON metadata: no code is
stored or run. The file is written under another name and then renamed, so a program stopped at any moment leaves a
complete file.
"""

import contextlib
import copy
import json
from os import PathLike
from typing import Any

import numpy as np

from .backends import device
from .damaged import DamagedFile
from .random import Generator, default_generator
from .serialization import read_file, write_file
from .tensor import Tensor

FORMAT = "microgradnet checkpoint 1"


def save_checkpoint(path: str | PathLike[str], *, generator: Generator | None = None, **parts: Any) -> None:
    """Writes a checkpoint: ``save_checkpoint("last.ckpt", model=model, optimizer=optimizer, step=step)``.

    Each of ``parts`` is an object with a ``state_dict`` (model, optimizer, scheduler, loader, …) or a plain value:
    numbers, strings, tensors, arrays, and lists, tuples and dicts of these. The state of ``generator`` (default: the
    one that ``manual_seed`` seeds) is saved too.

    Raises TypeError for values that cannot be stored.
    """
    arrays: dict[str, np.ndarray] = {}
    values = {name: part.state_dict() if hasattr(part, "state_dict") else part for name, part in parts.items()}
    values["generator"] = (generator or default_generator).get_state()
    text = json.dumps({name: _plain(value, name, arrays) for name, value in values.items()})
    write_file(path, arrays, {"format": FORMAT, "values": text})


def load_checkpoint(path: str | PathLike[str], *, generator: Generator | None = None, **parts: Any) -> dict:
    """Reads a checkpoint into the objects that were saved, and returns the plain values: ``{"step": 1200}``.

    ``parts`` names the objects with a ``load_state_dict``; the generator's state is set. All or nothing: the whole file
    is read before anything is changed, and if one part refuses its state, the others get back what they had. Raises
    DamagedFile, a ValueError, for a file that is not a checkpoint, KeyError for a missing part, and what a part raises.
    """
    arrays, metadata = read_file(path)
    if metadata.get("format") != FORMAT:
        raise DamagedFile("load_checkpoint", path, "no checkpoint of this library", "mg.load reads other files")
    generator = generator or default_generator
    try:
        values = {name: _restored(value, arrays) for name, value in json.loads(metadata["values"]).items()}
        drawn = values.pop("generator")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise DamagedFile(
            "load_checkpoint", path, f"its values cannot be read: {error!r}", "take an older one"
        ) from None
    if missing := [name for name in parts if name not in values]:
        raise KeyError(f"load_checkpoint: {path} has no {', '.join(missing)}; it has {', '.join(values)}")
    before = generator.get_state()
    loaded: list[tuple[Any, Any]] = []
    try:
        generator.set_state(drawn)
        # Last what cannot be taken back, such as the cutting of a file.
        for name, part in sorted(parts.items(), key=lambda item: getattr(item[1], "irrevocable", False)):
            loaded.append((part, copy.deepcopy(part.state_dict()) if hasattr(part, "state_dict") else None))
            part.load_state_dict(values.pop(name))
    except BaseException:
        generator.set_state(before)
        for part, state in reversed(loaded):
            with contextlib.suppress(Exception):  # the one that refused may not have changed
                part.load_state_dict(state)
        raise
    return values


def _plain(value, place: str, arrays: dict):
    """``value`` in JSON types, with its arrays collected in ``arrays`` under the names of their places."""
    if isinstance(value, Tensor) or device.is_array(value):
        while place in arrays:  # keys 1 and "1", or "a.b" and a nested b
            place += "'"
        arrays[place] = np.asarray(device.read(value))
        return {"array": place, "tensor": isinstance(value, Tensor)}
    if isinstance(value, bool | int | float | str | type(None)):
        return value
    if isinstance(value, list | tuple):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {kind: [_plain(v, f"{place}.{i}", arrays) for i, v in enumerate(value)]}
    if isinstance(value, dict):
        return {"dict": [[_plain(k, place, arrays), _plain(v, f"{place}.{k}", arrays)] for k, v in value.items()]}
    raise TypeError(f"save_checkpoint: {place} is a {type(value).__name__}, which cannot be stored")


def _restored(value, arrays: dict):
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return Tensor(arrays[value["array"]]) if value["tensor"] else arrays[value["array"]]
    if "dict" in value:
        return {_restored(k, arrays): _restored(v, arrays) for k, v in value["dict"]}
    kind = tuple if "tuple" in value else list
    return kind(_restored(v, arrays) for v in value["tuple" if kind is tuple else "list"])
