#!/usr/bin/env python3
"""Writes tests/Golden/data/odd: small files that are odd and legal, in every format that is read, and odd.json with the
numbers that numpy and h5py read from them; and files that must be refused, which OddFileTests names.

    python3 tests/Golden/generate_odd_files.py

Needs numpy and h5py. The arrays are made without random numbers, so that the numbers are the same each
time; HDF5 adds times and addresses of its own to some files.
"""

import io
import json
import os
import shutil
import struct
import subprocess
import sys
import zipfile

import h5py
import numpy as np

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "odd")
ROWS, STATES, ACTIONS = 12, 2, 1
FLAGS = np.arange(ROWS) % 5 == 4
BASE = {
    "observations": (np.arange(ROWS * STATES).reshape(ROWS, STATES) / 7 - 1).astype("<f4"),
    "actions": np.cos(np.arange(ROWS)).reshape(ROWS, ACTIONS).astype("<f4"),
    "rewards": np.sin(np.arange(ROWS)).astype("<f4"),
    "terminals": FLAGS,
    "timeouts": np.arange(ROWS) == 7,
}
# Beyond what a double holds, and just beside the middle between two float32.
WIDE = np.array([2**53 + 1, 2**60 + 2**36 + 1, 2**60 + 2**36, 2**60 + 3 * 2**36, 2**62 + 2**38 - 1, 2**63 - 1, 16777217, 0, 1, 5, 10**18 + 7, 3**39], "u8")
expected = {}


def at(name):
    return os.path.join(FOLDER, name)


def numbers(read):
    """What a dataset comes to: float32, and flags."""
    fields = {name: np.asarray(read(name)) for name in BASE}
    return {
        name: [int(value) for value in values.reshape(-1)] if name in ("terminals", "timeouts") else [float(value) for value in values.astype("f4").reshape(-1)]
        for name, values in fields.items()
    }


def npy(array, version=None, header=None):
    """The bytes of an .npy file; with another header's text, if one is given."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=version, allow_pickle=False)
    if header is None:
        return stream.getvalue()
    text = header.encode("latin1").ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + array.tobytes()


def write_npz(name, members, method=zipfile.ZIP_STORED, legal=True):
    """An archive without times; members are arrays or bytes."""
    with zipfile.ZipFile(at(name), "w") as archive:
        for key, value in members.items():
            entry = zipfile.ZipInfo(key, (2024, 1, 1, 0, 0, 0))
            entry.compress_type = method
            archive.writestr(entry, value if isinstance(value, bytes) else npy(value))
    if legal:
        with np.load(at(name)) as loaded:
            expected[name] = numbers(lambda key: loaded[key])


def npz(name, changed=(), method=zipfile.ZIP_STORED, **fields):
    members = {f"{key}.npy": value for key, value in BASE.items() if key not in fields}
    members.update({f"{key}.npy": value for key, value in fields.items()})
    members.update(changed)
    write_npz(name, members, method)


def npz_files():
    observations = BASE["observations"]
    npz("python2.npz", observations=npy(observations, header="{'descr': '<f4', 'fortran_order': False, 'shape': (12L, 2L), }"))
    npz("bzip2.npz", method=zipfile.ZIP_BZIP2)
    npz("lzma.npz", method=zipfile.ZIP_LZMA)
    npz("deflate.npz", method=zipfile.ZIP_DEFLATED)
    third = np.longdouble(1) / 3
    fine = 1 + np.ldexp(np.longdouble(1), -24) + np.ldexp(np.longdouble(1), -60) * np.arange(-6, 6)
    npz("long-double.npz", rewards=fine, observations=observations.astype("g") * third, actions=(BASE["actions"] / 2).astype(">g"))
    npz("int64.npz", rewards=-WIDE.astype("i8"), terminals=FLAGS.astype("i8"))
    npz("uint64.npz", rewards=WIDE + np.uint64(2**63), terminals=FLAGS.astype("u8"))
    npz("big-endian.npz", observations=(observations / 3).astype(">f8"), actions=BASE["actions"].astype(">f2"), rewards=WIDE.astype(">i8"), terminals=FLAGS.astype(">i4"))
    npz("column-major.npz", observations=np.asfortranarray(observations.astype("f8") / 3), rewards=BASE["rewards"].reshape(ROWS, 1))
    npz("float16.npz", observations=observations.astype("f2"), terminals=FLAGS.astype("f2"), timeouts=BASE["timeouts"].astype("f8"))
    npz("versions.npz", observations=npy(observations, (2, 0)), actions=npy(BASE["actions"], (3, 0)))
    npz("small-integers.npz", observations=(observations * 10).astype("i1"), actions=np.array([[0], [1]] * 6, "u2"), rewards=np.arange(ROWS, dtype="u1") + 200)
    whole = {(key if key == "rewards" else f"{key}.npy"): value for key, value in BASE.items()}
    with zipfile.ZipFile(at("without-ending.npz"), "w") as archive:
        for key, value in whole.items():
            archive.writestr(zipfile.ZipInfo(key, (2024, 1, 1, 0, 0, 0)), npy(value))
    expected["without-ending.npz"] = numbers(BASE.get)


def h5(name, fields=None, read=True, libver="earliest", userblock=0, more=None):
    """A D4RL file of the base's fields, some of them others; more adds to the open file."""
    fields = fields or {}
    with h5py.File(at(name), "w", libver=libver, userblock_size=userblock) as file:
        for key, value in {**BASE, **fields}.items():
            if value is not None:
                file[key] = value
        if more:
            more(file)
    if read:
        with h5py.File(at(name), "r") as file:
            expected[name] = numbers(lambda key: file[key][()])


def virtual(file, parts, key="observations"):
    layout = h5py.VirtualLayout((ROWS, STATES), "<f4")
    for target, source in parts:
        layout[target] = source
    file.create_virtual_dataset(key, layout)


def bits(file, key):
    """A truth value as PyTables writes it: a field of eight bits."""
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_obj_track_times(False)
    dataset = h5py.h5d.create(file.id, key.encode(), h5py.h5t.NATIVE_B8, h5py.h5s.create_simple((ROWS,)), properties)
    dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, BASE[key].astype("u1"), mtype=h5py.h5t.NATIVE_B8)


def compact(file):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    properties.set_obj_track_times(False)
    dataset = h5py.h5d.create(file.id, b"rewards", h5py.h5t.IEEE_F64BE, h5py.h5s.create_simple((ROWS,)), properties)
    h5py.Dataset(dataset)[...] = BASE["rewards"]


def sources():
    """What virtual datasets and links lead to."""
    observations = BASE["observations"]
    for name, values in (("part0.h5", observations[:6]), ("part1.h5", observations[6:]), ("column0.h5", observations[:, :1]), ("column1.h5", observations[:, 1:]), ("short.h5", observations[6:9])):
        with h5py.File(at(name), "w") as file:
            file["x"] = values
    with h5py.File(at("unwritten.h5"), "w") as file:
        file.create_dataset("x", (6, STATES), "<f4", chunks=(2, STATES))[:2] = observations[6:8]


def hdf5_files():
    observations = BASE["observations"]
    h5("bits.hdf5", {"terminals": None, "timeouts": None}, read=False, more=lambda file: (bits(file, "terminals"), bits(file, "timeouts")))
    expected["bits.hdf5"] = numbers(BASE.get)
    third = np.longdouble(1) / 3
    fine = 1 + np.ldexp(np.longdouble(1), -24) + np.ldexp(np.longdouble(1), -60) * np.arange(-6, 6)
    h5("long-double.hdf5", {"rewards": fine, "observations": observations.astype("g") * third})
    h5("int64.hdf5", {"rewards": -WIDE.astype("i8"), "terminals": FLAGS.astype("i8")})
    h5("uint64.hdf5", {"rewards": WIDE + np.uint64(2**63), "terminals": FLAGS.astype("u4")})
    h5("big-endian.hdf5", {"observations": (observations / 3).astype(">f8"), "actions": BASE["actions"].astype(">f2"), "rewards": WIDE.astype(">i8"), "terminals": FLAGS.astype(">i4")})
    enumeration = h5py.enum_dtype({"NO": 0, "YES": 1}, "i8")
    h5("enumeration.hdf5", {"terminals": None}, more=lambda file: file.create_dataset("terminals", data=FLAGS.astype("i8"), dtype=enumeration))
    h5("compact.hdf5", {"rewards": None}, more=compact)
    h5("columns.hdf5", {"rewards": BASE["rewards"].reshape(ROWS, 1), "terminals": FLAGS.reshape(ROWS, 1)})
    h5("user-block.hdf5", userblock=1024)
    h5("latest.hdf5", {"observations": None}, libver="latest", more=lambda file: file.create_dataset("observations", data=observations, chunks=(5, 2), maxshape=(None, None), compression="gzip", shuffle=True, fletcher32=True))
    h5("chunks.hdf5", {"observations": None}, more=lambda file: file.create_dataset("observations", data=observations.astype("f8") / 3, chunks=(5, 1)))
    h5("fill-value.hdf5", {"rewards": None}, more=lambda file: file.create_dataset("rewards", data=BASE["rewards"], chunks=(12,), fillvalue=np.nan))
    h5("virtual.hdf5", {"observations": None}, more=lambda file: virtual(file, [(np.s_[:6], h5py.VirtualSource("part0.h5", "x", (6, 2))), (np.s_[6:], h5py.VirtualSource("part1.h5", "x", (6, 2)))]))
    h5("virtual-columns.hdf5", {"observations": None}, more=lambda file: virtual(file, [(np.s_[:, i : i + 1], h5py.VirtualSource(f"column{i}.h5", "x", (12, 1))) for i in range(2)]))

    def inside(file):
        file["raw/x"] = observations[::-1]
        virtual(file, [(np.s_[:], h5py.VirtualSource(file["raw/x"]))])

    h5("virtual-inside.hdf5", {"observations": None}, more=inside)
    h5("virtual-beginning.hdf5", {"observations": None}, more=lambda file: virtual(file, [(np.s_[:6], h5py.VirtualSource("part0.h5", "x", (6, 2))), (np.s_[6:8], h5py.VirtualSource("unwritten.h5", "x", (6, 2))[:2]), (np.s_[8:], h5py.VirtualSource("part1.h5", "x", (6, 2))[2:])]))
    h5("link.hdf5", {"actions": None}, more=lambda file: (file.__setitem__("other/x", BASE["actions"]), file.__setitem__("actions", h5py.SoftLink("/other/x"))))
    with h5py.File(at("linked.h5"), "w") as file:
        file["actions"] = BASE["actions"]
    h5("external-link.hdf5", {"actions": None}, more=lambda file: file.__setitem__("actions", h5py.ExternalLink("linked.h5", "/actions")))

    def cycle(file):
        inner = file.create_group("infos/inner")
        file["infos/inner/up"] = file["infos"]
        inner["root"] = h5py.SoftLink("/")
        inner["nowhere"] = h5py.SoftLink("/gone")
        for i in range(40):
            group = file.require_group(f"d{i}")
            group["a"] = group["b"] = file.require_group(f"d{i + 1}")

    h5("cycle.hdf5", more=cycle)


def refused_hdf5_files():
    observations = BASE["observations"]
    none = {"observations": None}
    part0 = (np.s_[:6], h5py.VirtualSource("part0.h5", "x", (6, 2)))
    h5("no-source.hdf5", none, read=False, more=lambda file: virtual(file, [part0, (np.s_[6:], h5py.VirtualSource("gone.h5", "x", (6, 2)))]))
    h5("no-dataset.hdf5", none, read=False, more=lambda file: virtual(file, [part0, (np.s_[6:], h5py.VirtualSource("part1.h5", "y", (6, 2)))]))
    h5("source-short.hdf5", none, read=False, more=lambda file: virtual(file, [part0, (np.s_[6:], h5py.VirtualSource("short.h5", "x", (6, 2)))]))
    h5("source-unwritten.hdf5", none, read=False, more=lambda file: virtual(file, [part0, (np.s_[6:], h5py.VirtualSource("unwritten.h5", "x", (6, 2)))]))
    h5("virtual-gap.hdf5", none, read=False, more=lambda file: virtual(file, [part0, (np.s_[8:], h5py.VirtualSource("part1.h5", "x", (6, 2))[2:])]))

    def some_chunks(file):
        dataset = file.create_dataset("observations", (ROWS, STATES), "<f4", chunks=(2, 1))
        dataset[:4] = observations[:4]
        dataset[6:10, :1] = observations[6:10, :1]

    h5("some-chunks.hdf5", none, read=False, more=some_chunks)
    h5("some-chunks-latest.hdf5", {"rewards": None}, read=False, libver="latest", more=lambda file: file.create_dataset("rewards", (ROWS,), "<f4", chunks=(4,)).__setitem__(np.s_[:4], BASE["rewards"][:4]))
    h5("no-chunks.hdf5", {"rewards": None}, read=False, more=lambda file: file.create_dataset("rewards", (ROWS,), "<f4", chunks=(4,), fillvalue=3))
    h5("never-written.hdf5", {"terminals": None}, read=False, more=lambda file: file.create_dataset("terminals", (ROWS,), "?"))
    h5("external.hdf5", none, read=False, more=lambda file: file.create_dataset("observations", (ROWS, STATES), "<f4", external=[("eda-golden-external.raw", 8, h5py.h5f.UNLIMITED)]))
    h5("no-target.hdf5", {"rewards": None}, read=False, more=lambda file: file.__setitem__("rewards", h5py.SoftLink("/other/rewards")))
    h5("no-target-file.hdf5", {"timeouts": None}, read=False, more=lambda file: file.__setitem__("timeouts", h5py.ExternalLink("gone.h5", "/timeouts")))
    h5("compound.hdf5", {"rewards": np.zeros(ROWS, [("x", "<f4")])}, read=False)
    h5("texts.hdf5", {"rewards": np.array([b"a"] * ROWS)}, read=False)
    with h5py.File(at("minari-incomplete.hdf5"), "w") as file:
        file.attrs["total_episodes"] = 3
        for episode in range(2):
            group = file.create_group(f"episode_{episode}")
            group["observations"], group["actions"], group["rewards"] = observations[:7], BASE["actions"][:6], BASE["rewards"][:6]
            group["terminations"] = group["truncations"] = np.zeros(6, bool)
    # A writer that is killed leaves its mark in the file's first block.
    killed = f"import h5py, os; file = h5py.File({at('killed.hdf5')!r}, 'w', libver='latest'); file['observations'] = [[0.0, 1.0]]; file.flush(); os._exit(0)"
    subprocess.run([sys.executable, "-c", killed], check=True)


def csv_files():
    columns = ["s0", "s1", "a0", "reward", "terminal", "timeout"]
    rows = np.column_stack([BASE[key].reshape(ROWS, -1) for key in BASE]).astype("f8")

    def write(name, order, line, end="\n", start="", header=lambda name: name):
        names = [columns[i] for i in order]
        with open(at(name), "w", encoding="utf-8", newline="") as file:
            file.write(start + ",".join(map(header, names)) + end)
            for row in rows:
                file.write(line([row[i] for i in order], names) + end)
        words = {"FALSE": 0.0, "TRUE": 1.0}
        with open(at(name), encoding="utf-8-sig", newline=None) as file:
            cells = [line.strip().replace('"', "").split(",") for line in file if line.strip()]
        places = [cells[0].index(column) for column in columns]
        values = np.array([[words.get(row[i].strip(), row[i]) for i in places] for row in cells[1:]], "f8").astype("f4")
        parts = {"observations": values[:, :2], "actions": values[:, 2:3], "rewards": values[:, 3], "terminals": values[:, 4], "timeouts": values[:, 5]}
        expected[name] = numbers(parts.get)

    def plain(row, names):
        return ",".join(repr(float(value)) for value in row)

    write("windows.csv", range(6), plain, end="\r\n", start="\ufeff")
    write("quoted.csv", [5, 3, 0, 2, 1, 4], lambda row, names: ",".join(f'"{float(value)!r}"' for value in row), header=lambda name: f'"{name}"')
    write("words.csv", range(6), lambda row, names: ", ".join(str(bool(value)).upper() if name in ("terminal", "timeout") else f"{float(value):+.20E}" for value, name in zip(row, names)))
    write("blank-lines.csv", range(6), plain, end="\n\n")


def safetensors_files():
    """Numbers of every kind that weights may have, and tensors of others beside them."""
    values = np.array([0, 1, -1.5, 3.140625, 65504, -2**-14, 1 / 3], "f8")
    halves = (values.astype("<f4").view("<u4") >> 16).astype("<u2")
    tensors = {
        "double": ("F64", [7], values.astype("<f8"), values.astype("f4")),
        "single": ("F32", [7, 1], values.astype("<f4"), values.astype("f4")),
        "half": ("F16", [1, 7], values.astype("<f2"), values.astype("f2").astype("f4")),
        "brain": ("BF16", [7], halves, (halves.astype("<u4") << 16).view("<f4")),
        "none": ("F32", [0, 3], np.zeros(0, "<f4"), np.zeros(0, "f4")),
        "one": ("F32", [], np.array(7, "<f4"), np.array([7], "f4")),
    }
    others = {"steps": ("I64", [1], np.array([5], "<i8")), "mask": ("BOOL", [3], np.array([1, 0, 1], "u1")), "bytes": ("U8", [2], np.array([1, 2], "u1")), "eighth": ("F8_E4M3", [2], np.array([1, 2], "u1"))}
    header, offset, data = {"__metadata__": {"format": "pt"}}, 0, b""
    for name, (kind, shape, array, *_) in {**tensors, **others}.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [offset, offset + array.nbytes]}
        offset, data = offset + array.nbytes, data + array.tobytes()
    text = json.dumps(header).encode()
    with open(at("kinds.safetensors"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)
    expected["kinds.safetensors"] = {name: [float(value) for value in read.reshape(-1)] for name, (_, _, _, read) in tensors.items()}


def labels_files():
    members = {"states.npy": npy(np.arange(4, dtype=">i4").reshape(2, 2)), "candidates.npy": npy(np.asfortranarray(np.linspace(-1, 1, 6).reshape(2, 3, 1))), "winner.npy": npy(np.array([[2], [0]], "u8"))}
    write_npz("labels.npz", members, zipfile.ZIP_BZIP2, legal=False)


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    npz_files()
    sources()
    hdf5_files()
    refused_hdf5_files()
    csv_files()
    safetensors_files()
    labels_files()
    with open(at("odd.json"), "w", encoding="utf-8") as file:
        json.dump(expected, file, indent=1, sort_keys=True)
        file.write("\n")


if __name__ == "__main__":
    main()
