#!/usr/bin/env python3
"""Turns a PyTorch checkpoint into .safetensors and back, for the weights of a bottleneck diffusion model.

    python3 convert_pth.py behavior.pth behavior.safetensors
    python3 convert_pth.py behavior.safetensors behavior.pth

Needs torch and numpy, nothing else. A .pth may be a state dict or a dictionary that holds one (under 'state_dict',
'model' or any other single key). Names and shapes are kept, so a file from `eda weights export --published` becomes
one that the published code loads strictly. Floating-point tensors are written as F32; others are refused unless
--skip-others leaves them out. An existing file is replaced only with --force.
"""

import argparse
import json
import os
import struct
import sys

LONGEST_HEADER = 100_000_000


def read_safetensors(path):
    """Returns ({name: (shape, numpy array)}, metadata)."""
    import numpy

    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 8:
        raise ValueError("not a safetensors file: it ends before the header's length")
    (length,) = struct.unpack("<Q", data[:8])
    if length > LONGEST_HEADER or 8 + length > len(data):
        raise ValueError(f"broken or cut short: a header of {length} bytes in a file of {len(data)}")
    header = json.loads(data[8 : 8 + length])
    body = data[8 + length :]
    metadata = header.pop("__metadata__", {})
    tensors, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
        kinds = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
        if entry["dtype"] not in kinds:
            raise ValueError(f"{name} holds {entry['dtype']}; allowed are {', '.join(kinds)}")
        begin, stop = entry["data_offsets"]
        if begin != end or stop < begin or stop > len(body):
            raise ValueError(f"the data of {name} overlaps, leaves a gap or is cut short")
        values = numpy.frombuffer(body[begin:stop], dtype=kinds[entry["dtype"]])
        if entry["dtype"] == "BF16":
            values = (values.astype("<u4") << 16).view("<f4")
        tensors[name] = values.astype("<f4").reshape(entry["shape"])
        end = stop
    if end != len(body):
        raise ValueError(f"{len(body) - end} bytes follow the last tensor")
    return tensors, metadata


def write_safetensors(path, tensors):
    """Writes {name: numpy array of float32}."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for values in tensors.values():
            file.write(values.tobytes())


def state_dict_of(loaded):
    """Finds the dictionary of tensors in what torch.load gave."""
    import torch

    if hasattr(loaded, "state_dict"):
        loaded = loaded.state_dict()
    if not isinstance(loaded, dict):
        raise ValueError(f"holds a {type(loaded).__name__} and not a state dict")
    if any(isinstance(value, torch.Tensor) for value in loaded.values()):
        return loaded
    inner = [value for value in loaded.values() if isinstance(value, dict) and any(isinstance(v, torch.Tensor) for v in value.values())]
    for key in ("state_dict", "model"):
        if key in loaded and loaded[key] in inner:
            return loaded[key]
    if len(inner) != 1:
        raise ValueError(f"holds {len(inner)} state dicts under the keys {', '.join(map(str, loaded))}; one is needed")
    return inner[0]


def pth_to_safetensors(source, target, skip_others):
    import torch

    state = state_dict_of(torch.load(source, map_location="cpu", weights_only=True))
    tensors, others = {}, []
    for name, value in state.items():
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            tensors[name] = value.detach().to(torch.float32).contiguous().numpy().astype("<f4")
        else:
            others.append(name)
    if others and not skip_others:
        raise ValueError(f"not floating-point: {', '.join(others)} (--skip-others leaves them out)")
    write_safetensors(target, tensors)
    return len(tensors)


def safetensors_to_pth(source, target):
    import torch

    tensors, _ = read_safetensors(source)
    torch.save({name: torch.from_numpy(values.copy()) for name, values in tensors.items()}, target)
    return len(tensors)


def main():
    parser = argparse.ArgumentParser(description="Turns a .pth state dict into .safetensors and back.")
    parser.add_argument("source", help="a .pth, .pt or .safetensors file")
    parser.add_argument("target", help="a file of the other kind")
    parser.add_argument("--force", action="store_true", help="replace the target if it exists")
    parser.add_argument("--skip-others", action="store_true", help="leave out tensors that are not floating-point")
    options = parser.parse_args()
    kinds = [path.endswith(".safetensors") for path in (options.source, options.target)]
    if kinds[0] == kinds[1]:
        parser.error("one of the two files, and not both, must end in .safetensors")
    if os.path.exists(options.target) and not options.force:
        parser.error(f"{options.target} exists; --force replaces it")
    unfinished = options.target + ".tmp"
    try:
        if kinds[1]:
            count = pth_to_safetensors(options.source, unfinished, options.skip_others)
        else:
            count = safetensors_to_pth(options.source, unfinished)
        os.replace(unfinished, options.target)
    except (OSError, ValueError, KeyError) as error:
        if os.path.exists(unfinished):
            os.remove(unfinished)
        sys.exit(f"{options.source}: {error}")
    print(f"{options.target}: {count} tensors")


if __name__ == "__main__":
    main()
