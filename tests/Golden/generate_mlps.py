#!/usr/bin/env python3
"""Writes the golden vectors of multi-layer perceptrons, data/mlps.json: outputs and gradients in PyTorch, in float64.

Networks are torch.nn.Sequential of PyTorch's own layers, one for each activation; weights and rows come from generate.py's
integer hash and are made again by MlpInputs.cs.

Needs PyTorch 1.13 or newer and NumPy (Debian: python3-torch). From the repository root:

    python3 tests/Golden/generate_mlps.py            # writes the file
    python3 tests/Golden/generate_mlps.py --check    # compares with the one that is there
"""

import math

import torch

from generate import main, single, spread, uniform

# Streams of the hash, 1000 to a case; the network's tensors count from 0.
INPUTS, OUTPUTS_GRADIENT = 500, 501

CASES = [
    dict(name="relu", seed=410, inputSize=3, hiddenWidths=[17, 5], outputSize=2, activation="Relu", output="Tanh", rows=7),
    dict(name="silu", seed=411, inputSize=5, hiddenWidths=[33], outputSize=3, activation="SiLU", output="Plain", rows=5),
    dict(name="mish", seed=412, inputSize=4, hiddenWidths=[9, 11, 6], outputSize=1, activation="Mish", output="Plain", rows=6),
    dict(name="tanh", seed=413, inputSize=1, hiddenWidths=[13], outputSize=4, activation="Tanh", output="Tanh", rows=9),
]
ACTIVATIONS = {"Relu": torch.nn.ReLU, "SiLU": torch.nn.SiLU, "Mish": torch.nn.Mish, "Tanh": torch.nn.Tanh}


def network(case):
    sizes = [case["inputSize"], *case["hiddenWidths"], case["outputSize"]]
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(inputs, outputs).double(), ACTIVATIONS[case["activation"]]()]
    net = torch.nn.Sequential(*layers[:-1])
    for i, values in enumerate(net.parameters()):
        size = 0.25 if values.dim() == 1 else 2.5 / math.sqrt(values.shape[1])
        values.data = single(size * uniform(1000 * case["seed"] + i, values.numel()), *values.shape)
    return net


def mlp(case):
    net, base, rows = network(case), 1000 * case["seed"], case["rows"]
    x = single(spread(base + INPUTS, rows * case["inputSize"]), rows, case["inputSize"]).requires_grad_()
    slope = single(spread(base + OUTPUTS_GRADIENT, rows * case["outputSize"]) / rows, rows, case["outputSize"])
    y = torch.tanh(net(x)) if case["output"] == "Tanh" else net(x)
    y.backward(slope)
    return {**case, "tensors": [{"name": f"net.{name}", "dimensions": list(p.shape)} for name, p in net.named_parameters()],
            "outputs": y.flatten().tolist(), "inputsGradient": x.grad.flatten().tolist(),
            "parametersGradient": torch.cat([p.grad.flatten() for p in net.parameters()]).tolist()}


if __name__ == "__main__":
    main([("mlps", [mlp(case) for case in CASES])])
