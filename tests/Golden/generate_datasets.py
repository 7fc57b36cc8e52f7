#!/usr/bin/env python3
"""Writes small datasets in data/datasets as h5py and numpy write them, and what the standard Q-learning view of each
must be, as checksums of its arrays' bytes (views.json).

The view is computed here from the method's description alone, row by row, and rewards are treated by PyTorch on the
CPU. Given a folder with the four recorded datasets, it writes their views too (recorded.json).

Needs h5py, NumPy and PyTorch (Debian: python3-h5py, python3-torch). From the repository root:

    python3 tests/Golden/generate_datasets.py [FOLDER]
"""

import hashlib
import json
import pathlib
import sys

import h5py
import numpy as np
import torch

DATA = pathlib.Path(__file__).parent / "data" / "datasets"
RECORDED = ["hopper-medium-replay-like", "hopper-medium-expert-like", "walker2d-medium-replay-like", "halfcheetah-medium-replay-like"]


# ------------------------------------------------------------------------------------------------- the standard view

def standard_view(data, limit):
    """Rows, next rows and the five arrays; `limit` is used where there are no timeouts."""
    count = len(data["rewards"])
    rows, steps_in_episode = [], 0
    for row in range(count - 1):
        if "timeouts" in data:
            broken_off = bool(data["timeouts"][row])
        else:
            broken_off = steps_in_episode == limit - 1
        if broken_off:
            steps_in_episode = 0
            continue
        rows.append(row)
        steps_in_episode = 1 if data["terminals"][row] else steps_in_episode + 1
    rows = np.array(rows, dtype=np.int32)
    states = data["observations"].astype(np.float32)
    return {
        "rows": rows,
        "states": states[rows],
        "nextStates": states[rows + 1],
        "actions": data["actions"].astype(np.float32)[rows],
        "rewards": data["rewards"].astype(np.float32)[rows],
        "terminals": data["terminals"].astype(bool)[rows].astype(np.float32),
    }


def return_range(view):
    """Least and greatest sum of rewards between terminals, pieces of 1000 rows at most, the last one only if whole."""
    sums, total, length = [], 0.0, 0
    for reward, terminal in zip(view["rewards"], view["terminals"]):
        total += float(reward)
        length += 1
        if terminal or length == 1000:
            sums.append(total)
            total, length = 0.0, 0
    return (min(sums), max(sums)) if sums else None


def checksum(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def expectation(name, data, limit):
    view = standard_view(data, limit)
    extremes = return_range(view)
    out = {"file": name, "limit": limit, "rows": len(data["rewards"]), "transitions": len(view["rows"]),
           "stateSize": int(data["observations"].shape[1]), "actionSize": int(data["actions"].shape[1]),
           "checksums": {key: checksum(array) for key, array in view.items()}}
    treated = {"minusOne": torch.from_numpy(view["rewards"]).clone() - 1.0}
    if extremes and extremes[1] > extremes[0]:
        scaled = torch.from_numpy(view["rewards"]).clone()
        scaled /= extremes[1] - extremes[0]
        scaled *= 1000
        treated["returnRange"] = scaled
        out["leastReturn"], out["greatestReturn"] = extremes
    out["treated"] = {key: checksum(array.numpy()) for key, array in treated.items()}
    return out


# --------------------------------------------------------------------------------------------------------- the files

def transitions(seed, count, state_size, action_size, ends, cuts):
    """Random rows; `ends` are terminal, `cuts` are timeouts."""
    rng = np.random.default_rng(seed)
    terminals, timeouts = np.zeros(count, bool), np.zeros(count, bool)
    terminals[ends], timeouts[cuts] = True, True
    return {"observations": rng.standard_normal((count, state_size)), "actions": rng.uniform(-1, 1, (count, action_size)),
            "rewards": rng.standard_normal(count) + 1, "terminals": terminals, "timeouts": timeouts}


def rounded(data):
    return {key: value.astype(np.float32) if value.dtype == np.float64 else value for key, value in data.items()}


def create(name):
    path = DATA / name
    path.unlink(missing_ok=True)
    return h5py.File(path, "w")


def d4rl_float32():
    """As D4RL's v2 files: float32, h5py's own chunks, gzip, next observations and infos that the view leaves alone.
    Row 20 is terminal and a timeout at once; the last episode is not finished."""
    data = rounded(transitions(1, 60, 3, 2, [9, 20, 41], [20, 30, 50]))
    with create("d4rl-float32.hdf5") as file:
        for key, value in data.items():
            file.create_dataset(key, data=value, compression="gzip")
        file.create_dataset("next_observations", data=data["observations"] + 1, compression="gzip")
        file.create_dataset("infos/qpos", data=np.zeros((60, 2)), compression="gzip")
        file["metadata/algorithm"] = "SAC"
        file["metadata/env"] = np.bytes_("hopper")
    return data


def d4rl_float64():
    """Older files: float64 in one piece, columns of width 1, flags as bytes and as float."""
    data = transitions(2, 50, 2, 1, [12, 13, 30], [49])
    with create("d4rl-float64.hdf5") as file:
        for key in ["observations", "actions"]:
            file[key] = data[key]
        file["rewards"] = data["rewards"][:, None]
        file["terminals"] = data["terminals"][:, None].astype(np.uint8)
        file["timeouts"] = data["timeouts"].astype(np.float32)
    return data


def d4rl_without_timeouts():
    """Cut every 1000 rows of an episode, by a counter that starts at 0 after a cut and at 1 after a terminal row."""
    data = transitions(3, 4200, 1, 1, [99, 2100, 2101], [])
    data = {key: np.round(value * 4) / 4 if value.dtype == np.float64 else value for key, value in data.items()}
    del data["timeouts"]
    with create("d4rl-without-timeouts.hdf5") as file:
        for key, value in data.items():
            file.create_dataset(key, data=value, compression="gzip", shuffle=True, fletcher32=True, chunks=True)
    return data


def lzf():
    """Compressed by a filter that h5py brings along and the library does not have."""
    data = rounded(transitions(6, 30, 2, 1, [9], [20]))
    with create("lzf.hdf5") as file:
        for key, value in data.items():
            file.create_dataset(key, data=value, compression="lzf" if key == "actions" else None)


def minari():
    """Eleven episodes as Minari keeps them, more than one digit long, the second and the last without a flag."""
    rng = np.random.default_rng(4)
    parts = []
    with create("minari.hdf5") as file:
        file.attrs["dataset_id"] = "mujoco/hopper/medium-v0"
        file.attrs["total_episodes"] = 11
        for episode in range(11):
            count = 3 + episode
            data = transitions(40 + episode, count, 4, 2, [count - 1] if episode % 3 == 0 else [], [count - 1] if episode % 3 == 2 else [])
            if episode == 10:
                data["terminals"][:], data["timeouts"][:] = False, False
            after = np.concatenate([data["observations"], rng.standard_normal((1, 4))])
            group = file.create_group(f"episode_{episode}")
            group.attrs["total_steps"] = count
            for key, value in [("observations", after), ("actions", data["actions"].astype(np.float32)), ("rewards", data["rewards"]),
                               ("terminations", data["terminals"]), ("truncations", data["timeouts"])]:
                # Minari gives every array chunks; a few are enough here, for each costs kilobytes.
                if key == "observations":
                    group.create_dataset(key, data=value, chunks=True, maxshape=(None, 4))
                else:
                    group[key] = value
            # Without a flag the next episode's first row is no successor either.
            if not data["terminals"][-1]:
                data["timeouts"][-1] = True
            data["actions"] = data["actions"].astype(np.float32)
            parts.append(data)
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def npz():
    """Every array another type: float64, float32 column by column, big-endian, truth values and integers."""
    data = transitions(5, 40, 3, 2, [7, 19], [28])
    stored = {"observations": data["observations"], "actions": np.asfortranarray(data["actions"].astype(np.float32)),
              "rewards": data["rewards"].astype(">f8"), "terminals": data["terminals"], "timeouts": data["timeouts"].astype(np.int64)}
    np.savez(DATA / "plain.npz", **stored)
    np.savez_compressed(DATA / "compressed.npz", **{**stored, "observations": np.asfortranarray(data["observations"].astype(np.float16)),
                                                    "rewards": data["rewards"].astype(np.float32)[:, None]})
    return data, {**data, "observations": data["observations"].astype(np.float16)}


def recorded(folder):
    for name in RECORDED:
        with h5py.File(folder / f"{name}.hdf5", "r") as file:
            yield expectation(f"{name}.hdf5", {key: file[key][()] for key in ["observations", "actions", "rewards", "terminals", "timeouts"]}, 1000)


def write(name, content):
    (DATA / name).write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    DATA.mkdir(parents=True, exist_ok=True)
    plain, compressed = npz()
    lzf()
    write("views.json", [
        expectation("d4rl-float32.hdf5", d4rl_float32(), 1000),
        expectation("d4rl-float64.hdf5", d4rl_float64(), 1000),
        expectation("d4rl-without-timeouts.hdf5", d4rl_without_timeouts(), 1000),
        expectation("minari.hdf5", minari(), 1000),
        expectation("plain.npz", plain, 1000),
        expectation("compressed.npz", compressed, 1000),
    ])
    if len(sys.argv) > 1:
        write("recorded.json", list(recorded(pathlib.Path(sys.argv[1]))))
