"""The dataset of a run folder: its file, checked as the engine checks it, and which of its rows the engine keeps back and
labels."""

import hashlib
from decimal import Decimal

import numpy as np

import eda
import philox
from tensor_files import Refusal

LIMITS = {"antmaze-umaze": 700, "kitchen": 280}
LARGEST_ACTION = 1 + 1e-5


def limit_of(environment):
    """Rows after which an episode is cut where the file does not say."""
    return LIMITS.get("kitchen" if environment.startswith("kitchen") else environment, 1000)


class Transitions:
    """The view: states, actions, rewards (untreated), next states and terminals, float32, a row for each transition."""

    def __init__(self, path, environment, sha256=None):
        self.path = path
        fields = _read(path, sha256)
        observations, actions = (_matrix(path, name, fields) for name in ("observations", "actions"))
        count = len(observations)
        columns = {name: _column(path, name, fields, count) for name in ("rewards", "terminals", "timeouts") if name != "timeouts" or name in fields}
        if len(actions) != count or count < 2:
            raise Refusal(f"{path}: there are {count} observations and {len(actions)} actions; allowed are equally many, at least 2")
        for name, values in (("observations", observations), ("actions", actions), ("rewards", columns["rewards"])):
            if not np.isfinite(values).all():
                raise Refusal(f"{path}: {name} has numbers that are not finite as float32")
        if np.abs(actions).max() > LARGEST_ACTION:
            raise Refusal(f"{path}: actions has {np.abs(actions).max():g}; allowed is a number from -1 to 1")
        for name, values in columns.items():
            if name != "rewards" and not np.isin(values, (0, 1)).all():
                raise Refusal(f"{path}: {name} has numbers other than 0 and 1")
        view = eda.transitions({"observations": observations, "actions": actions, **columns}, limit_of(environment))
        self.states, self.actions, self.rewards, self.next_states, self.terminals = view
        if not len(self):
            raise Refusal(f"{path}: there is no transition, each row but the last is a timeout")

    def __len__(self):
        return len(self.states)

    def treated_rewards(self, treatment):
        """What a critic trains on, in float32 arithmetic."""
        if treatment == "returnRange":
            width = eda.return_range(self.rewards, self.terminals)
            if not width:
                raise Refusal(f"{self.path}: rewards have no range of returns to be divided by")
            return self.rewards / np.float32(width) * np.float32(1000)
        if treatment == "centredTimesFour":
            return (self.rewards - np.float32(0.5)) * np.float32(4)
        return self.rewards - np.float32(1) if treatment == "minusOne" else self.rewards

    def held_out(self, wanted, seed):
        """The rows that pretraining does not see, at most a tenth."""
        chosen = min(wanted, len(self) // 10)
        return philox.choose(len(self), chosen, seed, philox.DATA, philox.HELD_OUT) if chosen else np.zeros(0, dtype=np.int64)

    def labelled(self, labels, seed):
        """The rows whose states are labelled."""
        # In decimal, so that 0.29 of 100 is 29.
        share = max(1, int(Decimal(repr(labels["fraction"])) * len(self)))
        return self._first(share, labels["mostStates"], seed)

    def numbers(self, labels, seed):
        """The ranks of those rows among all that would be labelled with the share 1, and how many these are."""
        everything = self._first(len(self), labels["mostStates"], seed)
        return np.searchsorted(everything, self.labelled(labels, seed)), len(everything)

    def _first(self, share, most, seed):
        return philox.choose(len(self), min(most, share) if most else share, seed, philox.LABEL, philox.LABEL_SELECTION)


def _read(path, sha256):
    try:
        if sha256 is not None:
            digest = hashlib.sha256()
            with open(path, "rb") as file:
                for part in iter(lambda: file.read(1 << 20), b""):
                    digest.update(part)
            if digest.hexdigest() != sha256:
                raise Refusal(f"{path} is not the file that this run began with: its SHA-256 is {digest.hexdigest()} and not {sha256}")
        return eda.read_fields(path)
    except ImportError:
        raise Refusal("this python3 has no h5py, which HDF5 needs; Debian and Ubuntu have it as python3-h5py") from None
    except (OSError, ValueError) as error:
        raise Refusal(f"{path} cannot be read as D4RL's HDF5 or .npz: {' '.join(str(error).split())}") from None


def _matrix(path, name, fields):
    if name not in fields or fields[name].ndim != 2:
        raise Refusal(f"{path}: {name} is missing or no table of numbers; allowed is D4RL's layout, a row for each step")
    return np.ascontiguousarray(fields[name], dtype=np.float32)


def _column(path, name, fields, count):
    if name not in fields or fields[name].size != count:
        raise Refusal(f"{path}: {name} is missing or has not {count} numbers")
    return np.asarray(fields[name], dtype=np.float32).reshape(-1)
