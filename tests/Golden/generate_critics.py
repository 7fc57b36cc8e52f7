#!/usr/bin/env python3
"""Writes the golden vectors of the critics in data/critic-*.json: whole training steps in PyTorch, in float64.

Networks, losses, torch.optim.Adam, the target's average and the order of a step are written from the method's
section 4 and nothing of this repository; weights, datasets and batches come from generate.py's integer hash and are
made again by CriticInputs.cs. What the parameters have moved by is stored as sketches, in the smallest case also whole.

Needs PyTorch 1.13 or newer and NumPy (Debian: python3-torch). From the repository root:

    python3 tests/Golden/generate_critics.py
"""

import base64
import math

import numpy as np
import torch
import torch.nn.functional as F

from generate import ENTRIES, POSITIONS, PROJECTIONS, SIGNS, bits, single, spread, uniform, write

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


def mlp(w, name, x):
    x = F.relu(F.linear(x, w[name + ".0.weight"], w[name + ".0.bias"]))
    x = F.relu(F.linear(x, w[name + ".2.weight"], w[name + ".2.bias"]))
    return F.linear(x, w[name + ".4.weight"], w[name + ".4.bias"])


def twins(w, s, a):
    """Q1 and Q2; the action goes first."""
    x = torch.cat([a, s], -1)
    return mlp(w, "q1", x).squeeze(-1), mlp(w, "q2", x).squeeze(-1)


def act(w, s):
    return torch.tanh(mlp(w, "net", s))


def leaves(w):
    return {name: v.clone().requires_grad_(True) for name, v in w.items()}


def adam(w):
    return torch.optim.Adam(list(w.values()), lr=RATE)


def minimise(optimizer, loss):
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()


def follow(target, w):
    with torch.no_grad():
        for name in target:
            target[name].mul_(1 - TARGET_RATE).add_(TARGET_RATE * w[name])


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


def moved(before, after):
    return {name: after[name].detach() - before[name] for name in before}


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
    tau, gamma = case["expectile"], case["discount"]

    def batch(step):
        i = torch.from_numpy((bits(base + INDICES + step, rows) % np.uint64(n)).astype(np.int64))
        return states[i], actions[i], rewards[i], terminals[i], next_states[i]

    def evaluate(target, s, a):
        return torch.min(*twins(target, s, a))

    def q_loss(w, s, a, backup):
        return sum(F.mse_loss(q, backup) for q in twins(w, s, a)) / 2

    # Implicit Q-learning with its policy: everything evaluated, V, Q, target, then the policy by the moved networks.
    twin, value, policy = leaves(first["twin"]), leaves(first["value"]), leaves(first["policy"])
    target = {name: v.clone() for name, v in first["target"].items()}
    optimizers = [adam(value), adam(twin), adam(policy)]
    steps = []
    for step in range(STEPS):
        s, a, r, d, s2 = batch(step)
        with torch.no_grad():
            label, next_value = evaluate(target, s, a), mlp(value, "v", s2).squeeze(-1)
        u = label - mlp(value, "v", s).squeeze(-1)
        value_loss = (torch.abs(tau - (u < 0).double()) * u**2).mean()
        twin_loss = q_loss(twin, s, a, r + (1 - d) * gamma * next_value)
        minimise(optimizers[0], value_loss)
        minimise(optimizers[1], twin_loss)
        follow(target, twin)
        with torch.no_grad():
            advantage = evaluate(target, s, a) - mlp(value, "v", s).squeeze(-1)
            weight = torch.exp(case["temperature"] * advantage).clamp(max=case["cap"])
        policy_loss = (weight * ((act(policy, s) - a) ** 2).sum(1)).mean()
        minimise(optimizers[2], policy_loss)
        steps.append({"q": twin_loss.item(), "value": value_loss.item(), "nextValue": next_value.mean().item(),
                      "policy": policy_loss.item(), "above": int((u >= 0).sum()), "capped": int((weight == case["cap"]).sum()),
                      "terminal": int(d.sum())})
        if step == 0:
            gradients = {"twin": {m: v.grad for m, v in twin.items()}, "value": {m: v.grad for m, v in value.items()},
                         "policy": {m: v.grad for m, v in policy.items()}}
            gradients = {"twin": stored(case, shapes["twin"], TWIN, gradients["twin"]),
                         "value": stored(case, shapes["value"], VALUE, gradients["value"]),
                         "policy": stored(case, shapes["policy"], POLICY, gradients["policy"])}
    s, a, *_ = batch(0)
    implicit = {
        "steps": steps, "gradients": gradients,
        "moved": {"twin": stored(case, shapes["twin"], TWIN, moved(first["twin"], twin)),
                  "value": stored(case, shapes["value"], VALUE, moved(first["value"], value)),
                  "policy": stored(case, shapes["policy"], POLICY, moved(first["policy"], policy)),
                  "target": stored(case, shapes["twin"], TARGET, moved(first["target"], target))},
    }

    # A critic without V: softmax Q-learning, which with one sample is online Q-learning.
    twin, target = leaves(first["twin"]), {name: v.clone() for name, v in first["target"].items()}
    optimizer, steps = adam(twin), []
    for step in range(STEPS):
        s, a, r, d, s2 = batch(step)
        next_actions = single(uniform(base + NEXT_ACTIONS + step, rows * k * a_size), rows, k, a_size)
        with torch.no_grad():
            label = evaluate(target, s2[:, None].expand(-1, k, -1), next_actions)
            next_value = (F.softmax(case["inverseTemperature"] * label, 1) * label).sum(1)
        loss = q_loss(twin, s, a, r + (1 - d) * gamma * next_value)
        minimise(optimizer, loss)
        follow(target, twin)
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
    out["minimumQ"] = evaluate(first["target"], s[:, None].expand(-1, k, -1), candidates).reshape(-1).tolist()
    out["values"] = mlp(first["value"], "v", s).reshape(-1).tolist()
    out["actions"] = act(first["policy"], s).reshape(-1).tolist()
    out["implicit"], out["sampled"] = implicit, sampled
    return out


if __name__ == "__main__":
    for case in CASES:
        write(case["name"], critic(case))
