"""A run folder as the engine leaves it (docs/run-folder.md): its settings, its checkpoints, its metrics. A stage that is
there is never overwritten; one that PyTorch has trained is marked as finished, so that the engine goes on from it."""

import csv
import json
import math
import os
import shutil

import torch

from tensor_files import Refusal, read_tensors, write_tensors

STATE_FORMAT = "eda training state 1"


class RunFolder:
    def __init__(self, path, like=None):
        self.path = path
        if like is not None:
            _begin(path, like)
        try:
            with open(os.path.join(path, "config.json"), encoding="utf-8") as file:
                self.config = json.load(file)
            self.config["dataset"]["path"]
            # Up to version 0.1 there was no such stage.
            self.config.setdefault("weighted", {"training": {"steps": 0}})
        except (OSError, ValueError, KeyError, TypeError):
            raise Refusal(f"RUNFOLDER is '{path}'; allowed is the folder of a run on a dataset, with its config.json, or a new one with --like FOLDER") from None
        self.seed = self.config["seed"]

    def checkpoint(self, name):
        return os.path.join(self.path, "checkpoints", name)

    def has(self, name):
        return os.path.exists(self.checkpoint(name))

    def refuse_overwriting(self, *names):
        """Before a stage does anything."""
        for name in names:
            if os.path.exists(self.checkpoint(name)):
                raise Refusal(f"{self.checkpoint(name)} is there already and is not replaced; allowed is a stage that this folder does not have yet")

    def require_finished(self, stage, name, total):
        """The weights of a stage, once all its steps are done."""
        path, state = self.checkpoint(f"{name}.safetensors"), self.checkpoint(f"{name}.state.safetensors")
        done = int(read_tensors(state)[1].get("step", 0)) if os.path.exists(state) else 0
        if done < total or not os.path.exists(path):
            raise Refusal(f"{stage} stands at step {done} of {total} in {self.path}; it comes before this stage")
        return read_tensors(path)[0]

    def save(self, name, tensors, metadata=None):
        os.makedirs(os.path.join(self.path, "checkpoints"), exist_ok=True)
        write_tensors(self.checkpoint(name), tensors, metadata)

    def finish(self, stage, name, step, network):
        """Says how far the stage is. The engine goes on to the next stage from it, and refuses to train this one on."""
        self.save(f"{name}.state.safetensors", {}, {
            "format": STATE_FORMAT, "step": str(step), "stage": stage, "seed": str(self.seed),
            "network": f"{network}, trained by PyTorch {torch.__version__}"})


class Metrics:
    """Rows of metrics.csv: the means since the last report."""

    def __init__(self, folder, stage, total, every, names):
        self.path, self.stage, self.total, self.every, self.names = os.path.join(folder.path, "metrics.csv"), stage, total, every, names
        self.step, self.sums, self.count = 0, [0.0] * len(names), 0

    def add(self, *values):
        self.step += 1
        self.count += 1
        self.sums = [total + float(value) for total, value in zip(self.sums, values)]
        if self.step % self.every == 0 or self.step == self.total:
            means = [total / self.count for total in self.sums]
            self.sums, self.count = [0.0] * len(self.names), 0
            self.write(zip(self.names, means))
            print(f"{self.stage} {self.step}/{self.total}: " + ", ".join(f"{name} {mean:.6g}" for name, mean in zip(self.names, means)), flush=True)
            if not all(math.isfinite(mean) for mean in means):
                raise ArithmeticError(f"{self.stage} diverged at step {self.step}: what it measures is no longer a number")

    def write(self, numbers):
        new = not os.path.exists(self.path)
        with open(self.path, "a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            if new:
                writer.writerow(["stage", "step", "name", "value"])
            for name, value in numbers:
                writer.writerow([self.stage, self.step, name, repr(float(value))])


def _begin(path, like):
    config = os.path.join(like, "config.json")
    if not os.path.isfile(config):
        raise Refusal(f"--like is '{like}'; allowed is the folder of a run, with its config.json")
    if os.path.exists(path) and (not os.path.isdir(path) or os.listdir(path)):
        raise Refusal(f"RUNFOLDER is '{path}'; allowed with --like is a new folder")
    for name in ("checkpoints", "figures"):
        os.makedirs(os.path.join(path, name), exist_ok=True)
    shutil.copyfile(config, os.path.join(path, "config.json"))
