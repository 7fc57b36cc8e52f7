#!/usr/bin/env python3
"""Writes the golden vectors of the critics in data/critic-*.json: whole training steps in PyTorch, in float64.

Networks, losses, the target's average and the order of a step are those of bench/reference/eda.py and
gaussian_policy.py, and nothing of the engine; weights, datasets and batches come from generate.py's integer hash and are made again by CriticInputs.cs.
What the parameters have moved by is stored as sketches, in the smallest case also whole.

Needs PyTorch 1.13 or newer and NumPy (Debian: python3-torch). From the repository root:

    python3 tests/Golden/generate_critics.py            # writes the files
    python3 tests/Golden/generate_critics.py --check    # compares with those that are there
"""

import base64
import math

import numpy as np
import torch

from generate import ENTRIES, POSITIONS, PROJECTIONS, SIGNS, bits, eda, main, single, spread, uniform
import gaussian_policy  # after generate, which makes bench/reference importable

# Streams of the hash, 1000 to a case; the tensors of a layout count from its base, below 20 each.
TWIN, VALUE, POLICY, TARGET = 0, 20, 40, 60
STATES, ACTIONS, REWARDS, TERMINALS, NEXT_STATES = 500, 501, 502, 503, 504
INDICES, NEXT_ACTIONS, CANDIDATES = 510, 530, 550
STEPS = 6

CASES = [
    dict(name="critic-small", seed=53, stateSize=3, actionSize=2, width=32, count=19, rows=7, candidateCount=3,
         expectile=0.7, discount=0.99, temperature=3.0, cap=100.0, inverseTemperature=1.0, whole=True),
    dict(name="critic-locomotion", seed=57, stateSize=17, actionSize=6, width=64, count=150, rows=70, candidateCount=16,
         expectile=0.7, discount=0.99, temperature=0.5, cap=1.25, inverseTemperature=1.0, whole=False),
    dict(name="critic-maze", seed=55, stateSize=29, actionSize=8, width=256, count=40, rows=33, candidateCount=1,
         expectile=0.9, discount=0.99, temperature=10.0, cap=100.0, inverseTemperature=20.0, whole=False),
]
RATE, TARGET_RATE = 3e-4, float(np.float32(0.005))


def tensors(inputs, width, outputs, names):
    """Names and shapes of a layout's tensors, in order."""
    shapes = []
    for name in names:
        for layer, out, size in ((0, width, inputs), (2, width, width), (4, outputs, width)):
            shapes += [(f"{name}.{layer}.weight", (out, size)), (f"{name}.{layer}.bias", (out,))]
    return shapes


def layouts(case):
    s, a, h = case["stateSize"], case["actionSize"], case["width"]
    return {"twin": tensors(a + s, h, 1, ["q1", "q2"]), "value": tensors(s, h, 1, ["v"]),
            "policy": tensors(s, h, a, ["net"])}


def weights(case, shapes, base):
    """Large enough that activations keep their size through ReLU."""
    made = {}
    for i, (name, shape) in enumerate(shapes):
        size = 0.25 if len(shape) == 1 else 2.5 / math.sqrt(shape[1])
        made[name] = single(size * uniform(1000 * case["seed"] + base + i, math.prod(shape)), *shape)
    return made


def load(module, values):
    module.load_state_dict({name: v.clone() for name, v in values.items()})
    return module


def adam(module):
    return torch.optim.Adam(module.parameters(), lr=RATE)


def sketch(case, shapes, base, values):
    """As in generate.py: norm, entries, projections on random signs, per tensor."""
    rows = []
    for i, (name, _) in enumerate(shapes):
        v, start = values[name].detach().numpy().reshape(-1), 1000 * case["seed"] + base
        signs = bits(start + SIGNS + i, v.size)
        where = (bits(start + POSITIONS + i, ENTRIES) % np.uint64(v.size)).astype(np.int64)
        rows.append({
            "name": name,
            "norm": float(np.linalg.norm(v)),
            "projections": [float(v @ (1.0 - 2.0 * (signs >> np.uint64(p) & np.uint64(1)).astype(np.float64)))
                            for p in range(PROJECTIONS)],
            "entries": [float(v[j]) for j in where],
        })
    return rows


def stored(case, shapes, base, values):
    out = {"sketch": sketch(case, shapes, base, values)}
    if case["whole"]:
        flat = np.concatenate([values[name].detach().numpy().reshape(-1) for name, _ in shapes])
        out["whole"] = base64.b64encode(flat.astype("<f4").tobytes()).decode()
    return out


def moved(before, module):
    return {name: values - before[name] for name, values in module.state_dict().items()}


def gradients_of(module):
    return {name: parameter.grad.clone() for name, parameter in module.named_parameters()}


def critic(case):
    # Devices take the constants as float32.
    case = {key: float(np.float32(value)) if isinstance(value, float) else value for key, value in case.items()}
    base, n, s_size, a_size = 1000 * case["seed"], case["count"], case["stateSize"], case["actionSize"]
    rows, k = case["rows"], case["candidateCount"]
    shapes = layouts(case)
    first = {"twin": weights(case, shapes["twin"], TWIN), "value": weights(case, shapes["value"], VALUE),
             "policy": weights(case, shapes["policy"], POLICY), "target": weights(case, shapes["twin"], TARGET)}
    states = single(spread(base + STATES, n * s_size), n, s_size)
    next_states = single(spread(base + NEXT_STATES, n * s_size), n, s_size)
    actions = single(uniform(base + ACTIONS, n * a_size), n, a_size)
    rewards = single(spread(base + REWARDS, n), n)
    terminals = single(uniform(base + TERMINALS, n) > 0.5, n)
    gamma = case["discount"]

    def batch(step):
        i = torch.from_numpy((bits(base + INDICES + step, rows) % np.uint64(n)).astype(np.int64))
        return states[i], actions[i], rewards[i], next_states[i], terminals[i]

    def new_twin(name):
        return load(eda.TwinQ(s_size, a_size, case["width"]), first[name])

    # Implicit Q-learning with its policy: everything evaluated, V, Q, target, then the policy by the moved networks.
    value, policy = load(eda.Value(s_size, case["width"]), first["value"]), load(gaussian_policy.Policy(s_size, a_size, case["width"]), first["policy"])
    twin, target = new_twin("twin"), new_twin("target").requires_grad_(False)
    value_adam, twin_adam, policy_adam = adam(value), adam(twin), adam(policy)
    steps = []
    for step in range(STEPS):
        s, a, r, s2, d = batch(step)
        with torch.no_grad():
            above = eda.minimum_q(target, s, a) >= value(s)
        value_loss, twin_loss, next_value = eda.iql_losses(value, twin, target, s, a, r, s2, d, gamma, case["expectile"])
        eda.iql_update((value_loss, twin_loss), value_adam, twin_adam, twin, target, TARGET_RATE)
        policy_loss, weight = gaussian_policy.policy_loss(policy, value, target, s, a, case["temperature"], case["cap"])
        eda.gradient_step(policy_adam, policy_loss)
        steps.append({"q": twin_loss.item(), "value": value_loss.item(), "nextValue": next_value.mean().item(),
                      "policy": policy_loss.item(), "above": int(above.sum()), "capped": int((weight == case["cap"]).sum()),
                      "terminal": int(d.sum())})
        if step == 0:
            gradients = {name: stored(case, shapes[name], stream, gradients_of(module))
                         for name, stream, module in (("twin", TWIN, twin), ("value", VALUE, value), ("policy", POLICY, policy))}
    implicit = {
        "steps": steps, "gradients": gradients,
        "moved": {"twin": stored(case, shapes["twin"], TWIN, moved(first["twin"], twin)),
                  "value": stored(case, shapes["value"], VALUE, moved(first["value"], value)),
                  "policy": stored(case, shapes["policy"], POLICY, moved(first["policy"], policy)),
                  "target": stored(case, shapes["twin"], TARGET, moved(first["target"], target))},
    }

    # A critic without V: softmax Q-learning, which with one sample is online Q-learning.
    twin, target = new_twin("twin"), new_twin("target").requires_grad_(False)
    optimizer, steps = adam(twin), []
    for step in range(STEPS):
        next_actions = single(uniform(base + NEXT_ACTIONS + step, rows * k * a_size), rows, k, a_size)
        loss, next_value = eda.sampled_loss(twin, target, *batch(step), next_actions, gamma, case["inverseTemperature"])
        eda.gradient_step(optimizer, loss)
        eda.soft_update(target, twin, TARGET_RATE)
        steps.append({"q": loss.item(), "nextValue": next_value.mean().item()})
    sampled = {"steps": steps,
               "moved": {"twin": stored(case, shapes["twin"], TWIN, moved(first["twin"], twin)),
                         "target": stored(case, shapes["twin"], TARGET, moved(first["target"], target))}}

    s = states[:rows]
    candidates = single(uniform(base + CANDIDATES, rows * k * a_size), rows, k, a_size)
    out = {key: case[key] for key in case if key != "whole"}
    out["learningRate"], out["targetRate"] = RATE, TARGET_RATE
    out["tensors"] = [{"name": name, "dimensions": list(shape)} for layout in ("twin", "value", "policy") for name, shape in shapes[layout]]
    out["squares"] = {name: float(sum((v**2).sum() for v in w.values())) for name, w in first.items()}
    load(value, first["value"])
    load(policy, first["policy"])
    with torch.no_grad():
        out["minimumQ"] = eda.minimum_q(new_twin("target"), s, candidates).reshape(-1).tolist()
        out["values"] = value(s).tolist()
        out["actions"] = policy(s).reshape(-1).tolist()
    out["implicit"], out["sampled"] = implicit, sampled
    return out


if __name__ == "__main__":
    main([(case["name"], critic(case)) for case in CASES])
