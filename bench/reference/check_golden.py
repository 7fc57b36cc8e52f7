#!/usr/bin/env python3
"""Holds eda_reference.py to the golden vectors in tests/Golden/data, in float64 on the CPU: density, score, both
losses and their gradients, gaps, the published solver, and six steps of implicit Q-learning. Exit status 0 where all
agree.

    python3 bench/reference/check_golden.py
"""

import importlib.util
import json
import pathlib
import sys

import numpy as np
import torch

import eda_reference as peer
import method

TESTS = pathlib.Path(__file__).resolve().parents[2] / "tests" / "Golden"
TOLERANCE = 1e-9


def load(name):
    spec = importlib.util.spec_from_file_location(name, TESTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


sys.path.insert(0, str(TESTS))
golden = load("generate")  # its inputs by formula; it sets float64 as the default
critics = load("generate_critics")
failures = []


def compare(what, expected, actual):
    expected, actual = np.asarray(expected, dtype=float).reshape(-1), np.asarray(actual, dtype=float).reshape(-1)
    error = float(np.linalg.norm(expected - actual) / max(np.linalg.norm(expected), 1e-300))
    if not error <= TOLERANCE:
        failures.append(what)
        print(f"{what}: {error:.1e} apart")


def model(case, weights):
    network = peer.Bdm(case["stateSize"], case["actionSize"], case["width"], case["blocks"])
    missing, unexpected = network.load_state_dict({name: value.clone() for name, value in weights.items()}, strict=True)
    assert not missing and not unexpected
    return network


def gradient(case, network, loss):
    parameters = dict(network.named_parameters())
    found = torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)
    by_name = {n: torch.zeros_like(p) if g is None else g for (n, p), g in zip(parameters.items(), found)}
    by_name["embed.0.W"] = torch.zeros(16)
    return golden.sketch(case, by_name)


def compare_sketches(what, expected, actual):
    for e, a in zip(expected, actual):
        assert e["name"] == a["name"]
        scale = max(e["norm"], 1e-6)  # the gradient of the output bias is rounding alone
        for key in ("projections", "entries"):
            error = float(np.abs(np.asarray(e[key]) - np.asarray(a[key])).max() / scale)
            if not error <= TOLERANCE:
                failures.append(what)
                print(f"{what}, {e['name']}: {error:.1e} apart")


def network_case(case):
    base, size, s_size, name = 1000 * case["seed"], case["actionSize"], case["stateSize"], case["name"]
    truth = json.loads((TESTS / "data" / f"{name}.json").read_text())

    def states(stream, count):
        return golden.single(golden.spread(base + stream, count * s_size), count, s_size) if s_size else None

    n = case["rows"]
    phi = golden.behavior(case)
    behavior, policy = model(case, phi), model(case, golden.policy(case, phi))
    a = golden.single(golden.uniform(base + golden.ACTIONS, n * size), n, size)
    at = golden.single(1.5 * golden.spread(base + golden.DIFFUSED, n * size), n, size)
    s, t = states(golden.STATES, n), golden.times(base + golden.TIMES, n)
    noise = golden.single(golden.spread(base + golden.NOISE, n * size), n, size)
    rate = float(np.float32(case["dropoutRate"]))
    mask = golden.single(golden.uniform(base + golden.MASK, n * case["blocks"] * case["width"]) >= 2 * rate - 1, n, case["blocks"], case["width"])
    compare(f"{name}: density", truth["density"], behavior(at, t, s).detach())
    compare(f"{name}: score", truth["score"], peer.score(behavior, at, t, s))
    for key, dropped in (("denoising", (0.0, None)), ("denoisingWithDropout", (rate, mask))):
        loss = peer.denoising_loss(behavior, a, t, noise, s, *dropped)
        compare(f"{name}: {key} loss", truth[key]["loss"], loss.item())
        compare_sketches(f"{name}: {key} gradient", truth[key]["gradient"], gradient(case, behavior, loss))

    b, k = case["stateCount"], case["candidateCount"]
    candidates = golden.single(golden.uniform(base + golden.CANDIDATES, b * k * size), b, k, size)
    gap_noise = golden.single(golden.spread(base + golden.GAP_NOISE, b * k * size), b, k, size)
    gap_states, gap_times = states(golden.GAP_STATES, b), golden.times(base + golden.GAP_TIMES, b)
    labels = golden.single(golden.spread(base + golden.LABELS, b * k), b, k)
    gap = peer.gaps(policy, behavior, candidates, gap_times, gap_noise, gap_states)
    compare(f"{name}: gaps", truth["gaps"], gap.detach())
    step = next(step for step in truth["alignment"] if step["objective"] == "Value")
    loss = peer.value_loss(gap, labels, step["temperature"], step["labelScale"])
    compare(f"{name}: alignment loss", step["loss"], loss.item())
    compare_sketches(f"{name}: alignment gradient", step["gradient"], gradient(case, policy, loss))

    m, c = golden.SAMPLE_STATE_COUNT, golden.SAMPLE_CANDIDATE_COUNT
    start = golden.single(golden.spread(base + golden.START, m * c * size), m * c, size)
    sample_states = states(golden.SAMPLE_STATES, m)
    if sample_states is not None:
        sample_states = sample_states.repeat_interleave(c, 0)
    for run in truth["trajectories"]:
        if run["solver"] == "singlestep" and run["order"] == 2:
            found = peer.sample(behavior, start, sample_states, run["evaluations"])
            compare(f"{name}: samples of {run['evaluations']} evaluations", run["samples"], found)


def critic_case(case):
    """Implicit Q-learning, step after step: the losses that each begins with, and how far the networks have come."""
    truth = json.loads((TESTS / "data" / f"{case['name']}.json").read_text())
    base, n, s_size, a_size = 1000 * case["seed"], case["count"], case["stateSize"], case["actionSize"]
    states = golden.single(golden.spread(base + critics.STATES, n * s_size), n, s_size)
    next_states = golden.single(golden.spread(base + critics.NEXT_STATES, n * s_size), n, s_size)
    actions = golden.single(golden.uniform(base + critics.ACTIONS, n * a_size), n, a_size)
    rewards = golden.single(golden.spread(base + critics.REWARDS, n), n)
    done = golden.single(golden.uniform(base + critics.TERMINALS, n) > 0.5, n)
    shapes = critics.layouts(case)
    twin_weights, target_weights = (critics.weights(case, shapes["twin"], stream) for stream in (critics.TWIN, critics.TARGET))
    value_weights = critics.weights(case, shapes["value"], critics.VALUE)
    value = peer.mlp(s_size, case["width"])
    value.load_state_dict({name[2:]: v.clone() for name, v in value_weights.items()})
    twin, target = peer.TwinQ(s_size, a_size, case["width"]), peer.TwinQ(s_size, a_size, case["width"])
    twin.load_state_dict({name: v.clone() for name, v in twin_weights.items()})
    target.load_state_dict({name: v.clone() for name, v in target_weights.items()})
    target.requires_grad_(False)
    value_adam, twin_adam = (torch.optim.Adam(network.parameters(), lr=method.CRITIC_RATE) for network in (value, twin))
    discount, expectile = (float(np.float32(case[key])) for key in ("discount", "expectile"))
    for step in range(critics.STEPS):
        i = torch.from_numpy((golden.bits(base + critics.INDICES + step, case["rows"]) % np.uint64(n)).astype(np.int64))
        losses = peer.iql_losses(value, twin, target, states[i], actions[i], rewards[i], next_states[i], done[i], discount, expectile)
        compare(f"{case['name']}: value loss of step {step}", truth["implicit"]["steps"][step]["value"], losses[0].item())
        compare(f"{case['name']}: Q loss of step {step}", truth["implicit"]["steps"][step]["q"], losses[1].item())
        peer.iql_update(losses, value_adam, twin_adam, twin, target, critics.TARGET_RATE)
    for name, weights, network, stream in (("twin", twin_weights, twin, critics.TWIN), ("target", target_weights, target, critics.TARGET)):
        moved = {key: v.detach() - weights[key] for key, v in network.state_dict().items()}
        compare_sketches(f"{case['name']}: {name} after {critics.STEPS} steps", truth["implicit"]["moved"][name]["sketch"], critics.sketch(case, shapes["twin"], stream, moved))


def main():
    for case in golden.CASES:
        network_case(case)
    for case in critics.CASES:
        critic_case(case)
    print(f"{len(failures)} of the comparisons failed" if failures else f"PyTorch {torch.__version__}: every comparison agrees")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
