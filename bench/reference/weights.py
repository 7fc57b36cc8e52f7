"""Networks' weights: as arrays by name, and the engine's initial ones."""

import numpy as np
import torch

import philox
from tensor_files import Refusal


def load(module, tensors):
    try:
        module.load_state_dict({name: torch.from_numpy(values.astype(np.float32)) for name, values in tensors.items()})
    except RuntimeError as error:
        raise Refusal("the weights do not fit the run's networks: " + " ".join(str(error).split())) from None
    return module


def initialise(module, seed, stage, purpose):
    """PyTorch's initial weights, linear layers uniform within 1/sqrt(fan in), by the engine's words: there
    are sixteen random frequencies, and which they are can make a tenth of difference to the loss after a thousand steps.
    A parameter's element is its place in the flat array."""
    place, bound, weights = 0, None, {}
    for name, values in module.state_dict().items():
        first, count = place, values.numel()
        place += count
        if name == "embed.0.W":
            drawn = np.float32(30) * philox.normal(seed, stage, 0, purpose, first, count)
        elif ".layer_norm." in name:
            drawn = np.full(count, name.endswith("weight"), dtype=np.float32)
        else:
            # A bias follows its weight, and has its bound.
            bound = np.float32(1) / np.sqrt(np.float32(values.shape[1])) if values.dim() == 2 else bound
            drawn = bound * (np.float32(2) * philox.uniform(seed, stage, 0, purpose, first, count) - np.float32(1))
        weights[name] = drawn.reshape(tuple(values.shape))
    return load(module, weights)


def part(tensors, prefix):
    return {name[len(prefix):]: values for name, values in tensors.items() if name.startswith(prefix)}


def arrays(module, prefix=""):
    return {prefix + name: values.detach().cpu().numpy() for name, values in module.state_dict().items()}


def flat(module):
    """All tensors in the order of their names in the engine's layout, which is PyTorch's own."""
    return np.concatenate([values.reshape(-1) for values in arrays(module).values()])
