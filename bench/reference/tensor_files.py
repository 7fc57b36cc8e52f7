"""Files that both programs read and write: .safetensors (eight bytes of header length, a JSON header, the tensors' bytes)
and the .npy rows of candidates and labels with a .json file beside them that says how far they are filled and from
what. A file is written under another name first, so that no broken one is ever seen."""

import hashlib
import json
import os
import struct

import numpy as np

TYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2"}


class Refusal(Exception):
    """What the user got wrong, told in one line with exit status 2: the thing, its value, what is allowed."""


def _write(path, pieces):
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "xb") as file:
            for piece in pieces:
                file.write(piece)
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.remove(temporary)
        raise


def write_tensors(path, tensors, metadata=None):
    """Arrays by name, float64 as F64 and everything else as F32; metadata is text by key."""
    header, data, offset = ({"__metadata__": metadata} if metadata else {}), [], 0
    for name, values in tensors.items():
        values = np.asarray(values)
        kind = "F64" if values.dtype == np.float64 else "F32"
        data.append(np.ascontiguousarray(values.astype(TYPES[kind])).tobytes())
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [offset, offset + len(data[-1])]}
        offset += len(data[-1])
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    _write(path, [struct.pack("<Q", len(text)), text] + data)


def read_tensors(path):
    """Arrays by name, and the metadata."""
    with open(path, "rb") as file:
        content = file.read()
    try:
        length, = struct.unpack_from("<Q", content)
        header = json.loads(content[8:8 + length].decode())
        metadata = header.pop("__metadata__", {})
        tensors, start = {}, 8 + length
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            kind = np.dtype(TYPES[entry["dtype"]])
            tensors[name] = np.frombuffer(content, kind, (end - begin) // kind.itemsize, start + begin).reshape(entry["shape"]).copy()
    except (struct.error, ValueError, KeyError, TypeError, AttributeError):
        raise Refusal(f"{path} is no whole safetensors file of F64, F32 or F16 tensors") from None
    return tensors, metadata


def fingerprint(*arrays):
    """The engine's short name for up to three arrays of float32: each one's length, then its bytes."""
    digest = hashlib.sha256()
    for array in list(arrays) + [np.zeros(0)] * (3 - len(arrays)):
        array = np.ascontiguousarray(array, dtype="<f4")
        digest.update(struct.pack("<i", array.size))
        digest.update(array.tobytes())
    return digest.hexdigest()[:16]


def rows_fingerprint(rows):
    """The same for rows: their dimensions, then their bytes."""
    rows = np.ascontiguousarray(rows, dtype="<f4")
    return hashlib.sha256(struct.pack(f"<{rows.ndim}i", *rows.shape) + rows.tobytes()).hexdigest()[:16]


def write_rows(path, rows, identity):
    """float32 rows, all of them there."""
    rows = np.ascontiguousarray(rows, dtype="<f4")
    shape = f"{rows.shape[0]}," if rows.ndim == 1 else ", ".join(str(size) for size in rows.shape)
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    _write(path, [b"\x93NUMPY\x01\x00", struct.pack("<H", len(text)), text.encode(), rows.tobytes()])
    progress = {"Completed": rows.shape[0], "Identity": dict(sorted(identity.items()))}
    _write(path + ".json", [json.dumps(progress, separators=(",", ":")).encode()])


def read_rows(path, shape, identity):
    """What write_rows or the engine wrote, once it is complete and of this identity."""
    try:
        with open(path + ".json", encoding="utf-8") as file:
            progress = json.load(file)
        rows = np.load(path, allow_pickle=False)
        completed, found = int(progress["Completed"]), dict(progress["Identity"])
    except (OSError, ValueError, KeyError, TypeError):
        raise Refusal(f"{path} and {path}.json are not rows of numbers and how far they are filled") from None
    for key in sorted(set(identity) | set(found)):
        if identity.get(key) != found.get(key):
            raise Refusal(f"{path} belongs to another run: its {key} is {found.get(key, 'not given')} and not {identity.get(key, 'given')}")
    if rows.shape != tuple(shape):
        raise Refusal(f"{path} is {'x'.join(map(str, rows.shape))}; allowed is {'x'.join(map(str, shape))}")
    if completed < len(rows):
        raise Refusal(f"{path} is filled to {completed} of {len(rows)} rows; the stage before is not finished")
    return rows
