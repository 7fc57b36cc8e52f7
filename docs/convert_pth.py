#!/usr/bin/env python3
"""Turns a PyTorch checkpoint into .safetensors and back, for the weights of a bottleneck diffusion model or its critics.

    python3 convert_pth.py behavior.pth behavior.safetensors
    python3 convert_pth.py behavior.safetensors behavior.pth

Needs torch and numpy, nothing else. A .pth may be a state dict or a dictionary that holds one (under 'state_dict',
'model' or any other single key). Names and shapes are kept, so a file from `eda weights export --published` becomes
one that the published code loads strictly. Floating-point tensors are written as F32; others are refused unless
--skip-others leaves them out. An existing file is replaced only with --force. What cannot be turned gets one line that
says why, and exit status 1; a command line that is wrong gets status 2.
"""

import argparse
import json
import os
import re
import struct
import sys
import tempfile
import warnings
import zipfile

LONGEST_HEADER = 100_000_000
ZIP, PICKLE = b"PK\x03\x04", b"\x80"
# A tensor of a diffusion model, a critic or the policy of implicit Q-learning, under any prefix.
KNOWN = re.compile(
    r"(^|\.)(embed\.0\.W|cond_model\.(0\.)?(weight|bias)|dense[123]\.(weight|bias)"
    r"|main\.(fc|out_fc|blocks\.\d+\.(layer_norm|fc1|fc2|residual))\.(weight|bias)"
    r"|q0(_target)?\.q[12]\.\d+\.(weight|bias)|vf\.v\.\d+\.(weight|bias)|deter_policy\.net\.\d+\.(weight|bias))$"
)


class Refused(Exception):
    """A file that cannot be turned, and why, in one line."""


def read_safetensors(path):
    """Returns {name: numpy array of float32}."""
    import numpy

    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 8:
        raise Refused("not a safetensors file: it ends before the header's length")
    (length,) = struct.unpack("<Q", data[:8])
    if length > LONGEST_HEADER or 8 + length > len(data):
        raise Refused(f"broken or cut short: a header of {length} bytes in a file of {len(data)}")
    body = data[8 + length :]
    kinds = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
    try:
        header = json.loads(data[8 : 8 + length])
        header.pop("__metadata__", None)
        entries = sorted((entry["data_offsets"], name, entry["dtype"], entry["shape"]) for name, entry in header.items())
    except (ValueError, TypeError, KeyError, AttributeError):
        raise Refused("the header is not the JSON of a safetensors file") from None
    tensors, end = {}, 0
    for (begin, stop), name, kind, shape in entries:
        if kind not in kinds:
            raise Refused(f"{name} holds {kind}; allowed are {', '.join(kinds)}")
        if begin != end or stop < begin or stop > len(body):
            raise Refused(f"the data of {name} overlaps, leaves a gap or is cut short")
        values = numpy.frombuffer(body[begin:stop], dtype=kinds[kind])
        if kind == "BF16":
            values = (values.astype("<u4") << 16).view("<f4")
        try:
            tensors[name] = values.astype("<f4").reshape(shape)
        except (ValueError, TypeError):
            raise Refused(f"{name} has {values.size} numbers for the shape {shape}") from None
        end = stop
    if end != len(body):
        raise Refused(f"{len(body) - end} bytes follow the last tensor")
    return tensors


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


def check_archive(path):
    """Refuses what torch.load would fail on without saying why, or not notice."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        start = file.read(4)
    if size == 0:
        raise Refused("the file is empty")
    if start == ZIP:
        if not zipfile.is_zipfile(path):
            raise Refused("cut short or broken: the list of its contents is not at its end")
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged is not None:
            raise Refused(f"damaged: {damaged} is not what was written")
    elif not start.startswith(PICKLE):
        raise Refused("not a file that torch.save wrote")


def load_pth(path):
    """What torch.load gives, without running any code that the file brings."""
    check_archive(path)
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        text = str(error).split("WeightsUnpickler error: ")[-1]
        foreign = re.search(r"Unsupported (?:class|global:? GLOBAL) ([\w.]+)", text)
        if "Unsupported operand" in text:
            raise Refused("holds more than tensors and texts, which this PyTorch does not read unasked; save the state dict alone") from None
        if foreign is None:
            first = text.strip().splitlines()[0] if text.strip() else type(error).__name__
            raise Refused(f"cut short or broken: torch.load says {type(error).__name__}, {first}") from None
        if foreign[1].startswith("numpy"):
            raise Refused("holds numpy arrays; needed is a state dict of tensors (torch.from_numpy makes them)") from None
        raise Refused(f"holds a pickled {foreign[1]} and not a state dict; save model.state_dict() in a program that has the class") from None


def state_dict_of(loaded):
    """Finds the dictionary of tensors in what torch.load gave."""
    import torch

    def has_tensors(value):
        return isinstance(value, dict) and any(isinstance(item, torch.Tensor) for item in value.values())

    if not isinstance(loaded, dict):
        raise Refused(f"holds a {type(loaded).__name__} and not a state dict")
    if has_tensors(loaded):
        return loaded
    for key in ("state_dict", "model"):
        if has_tensors(loaded.get(key)):
            return loaded[key]
    inner = [key for key, value in loaded.items() if has_tensors(value)]
    if len(inner) == 1:
        return loaded[inner[0]]
    if not inner:
        raise Refused(f"holds no tensors; there is {', '.join(map(str, loaded)) or 'nothing'}")
    raise Refused(f"holds {len(inner)} state dicts under the keys {', '.join(map(str, inner))}; one is needed")


def tensors_of(state, skip_others):
    """Returns {name: numpy array of float32}, whole and of a known network."""
    import numpy
    import torch

    tensors, others = {}, []
    for name, value in state.items():
        if not isinstance(name, str):
            raise Refused(f"holds a tensor under the key {name!r}; needed are names")
        if not isinstance(value, torch.Tensor) or not value.is_floating_point():
            others.append(name)
            continue
        values = value.detach().to_dense() if value.is_sparse else value.detach()
        tensors[name] = values.to(torch.float32).contiguous().numpy().astype("<f4")
    if others and not skip_others:
        raise Refused(f"not floating-point: {', '.join(others)} (--skip-others leaves them out)")
    if not any(KNOWN.search(name) for name in tensors):
        some = ", ".join(list(tensors)[:6])
        raise Refused(f"no weights of a bottleneck diffusion model or its critics; there are {some or 'no tensors'}")
    for name, values in tensors.items():
        odd = numpy.argwhere(~numpy.isfinite(values))
        if len(odd):
            place = tuple(int(index) for index in odd[0])
            raise Refused(f"{name}{list(place) if place else ''} is {values[place]}; allowed is a number that is finite as float32")
    return tensors


def convert(options, target):
    """Writes the target under another name; returns how many tensors there are."""
    if target_is_safetensors(options):
        tensors = tensors_of(state_dict_of(load_pth(options.source)), options.skip_others)
        write_safetensors(target, tensors)
        return len(tensors)
    import torch

    tensors = read_safetensors(options.source)
    torch.save({name: torch.from_numpy(values.copy()) for name, values in tensors.items()}, target)
    return len(tensors)


def target_is_safetensors(options):
    return options.target.endswith(".safetensors")


def write_whole(options):
    """Writes the target whole or not at all: under a short name of its own first."""
    folder = os.path.dirname(os.path.abspath(options.target))
    handle, unfinished = tempfile.mkstemp(dir=folder)
    os.close(handle)
    try:
        count = convert(options, unfinished)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(unfinished, 0o666 & ~mask)
        os.replace(unfinished, options.target)
        return count
    except BaseException:
        os.remove(unfinished)
        raise


def main():
    parser = argparse.ArgumentParser(description="Turns a .pth state dict into .safetensors and back.")
    parser.add_argument("source", help="a .pth, .pt or .safetensors file")
    parser.add_argument("target", help="a file of the other kind")
    parser.add_argument("--force", action="store_true", help="replace the target if it exists")
    parser.add_argument("--skip-others", action="store_true", help="leave out tensors that are not floating-point")
    options = parser.parse_args()
    if options.source.endswith(".safetensors") == target_is_safetensors(options):
        parser.error("one of the two files, and not both, must end in .safetensors")
    if os.path.exists(options.target) and not options.force:
        parser.error(f"{options.target} exists; --force replaces it")
    # PyTorch warns of what is none of the user's business.
    warnings.filterwarnings("ignore")
    try:
        if not os.path.exists(options.source):
            raise Refused("there is no such file")
        if not os.path.isfile(options.source):
            raise Refused("is no file")
        count = write_whole(options)
    except ImportError as error:
        sys.exit(f"convert_pth.py needs torch and numpy: {error}")
    except Refused as refusal:
        sys.exit(f"{options.source}: {refusal}")
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        named = options.source if error.filename == options.source else options.target
        sys.exit(f"{named}: {error.strerror or error}")
    except Exception as error:
        sys.exit(f"{options.source}: cannot be turned: {type(error).__name__}, {' '.join(str(error).split())}")
    print(f"{options.target}: {count} tensors")


if __name__ == "__main__":
    main()
