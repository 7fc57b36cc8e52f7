"""Steps environments with Gymnasium's interface for EDA.Engine: a line of JSON in, a line out."""
import importlib
import json
import os
import sys

import numpy

# What an environment prints is no answer: it goes where errors go.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
sys.path.insert(0, os.getcwd())
environments = {}


def make(name):
    kind, _, rest = name.partition(":")
    if kind == "gym":
        return importlib.import_module("gymnasium").make(rest)
    module, _, attribute = rest.partition(":")
    return getattr(importlib.import_module(module), attribute)()


def describe(name):
    environment = make(name)
    sizes = []
    for what in ("observation_space", "action_space"):
        shape = getattr(getattr(environment, what), "shape", None)
        if shape is None or len(shape) != 1:
            raise TypeError(f"{name}: its {what} is {getattr(environment, what)}; allowed is a Box of one dimension")
        sizes.append(shape[0])
    space, spec, metadata = environment.action_space, getattr(environment, "spec", None), getattr(environment, "metadata", None) or {}
    rate = metadata.get("render_fps")
    getattr(environment, "close", lambda: None)()
    return {
        "observations": sizes[0], "actions": sizes[1],
        "low": [float(value) for value in space.low], "high": [float(value) for value in space.high],
        "limit": getattr(spec, "max_episode_steps", None), "seconds": 1.0 / rate if rate else None,
    }


def numbers(observation):
    return [float(value) for value in numpy.asarray(observation, dtype=numpy.float64)]


def answer(asked):
    if "describe" in asked:
        return describe(asked["describe"])
    number = asked["environment"]
    if "make" in asked:
        environments[number] = make(asked["make"])
        return {}
    if "close" in asked:
        getattr(environments.pop(number), "close", lambda: None)()
        return {}
    if "reset" in asked:
        return {"observation": numbers(environments[number].reset(seed=asked["reset"])[0])}
    action = numpy.asarray(asked["step"], dtype=environments[number].action_space.dtype)
    observation, reward, terminated, truncated, _ = environments[number].step(action)
    return {"observation": numbers(observation), "reward": float(reward), "terminated": bool(terminated), "truncated": bool(truncated)}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), file=answers, flush=True)
