#!/usr/bin/env python3
"""Writes the golden vectors in data/: what every device and the float64 twin are held to.

Everything is computed in float64 by PyTorch's autograd, from the definitions in bench/reference/eda.py and nothing
of the engine; the solvers, of which the reference has only the published one, are written out here. Weights and
inputs are not stored: they come from an integer hash (see `bits`), are rounded to float32, and are made again, bit for
bit, by GoldenInputs.cs. Gradients are stored as sketches (see `sketch`), that of the smallest case also whole.

Needs PyTorch 1.13 or newer and NumPy (Debian: python3-torch). From the repository root:

    python3 tests/Golden/generate.py            # writes the files
    python3 tests/Golden/generate.py --check    # compares with those that are there; status 1 where one differs
"""

import base64
import json
import math
import pathlib
import sys

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench" / "reference"))
import eda  # noqa: E402

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)

DATA = pathlib.Path(__file__).parent / "data"
PROJECTIONS, ENTRIES = 8, 4
TOLERANCE = 1e-9

# Streams of the hash, 1000 to a case; the tensors of a network count from their base.
BEHAVIOR, POLICY, SIGNS, POSITIONS = 0, 100, 200, 300
ACTIONS, STATES, TIMES, NOISE, MASK = 400, 401, 402, 403, 404
CANDIDATES, GAP_STATES, GAP_TIMES, GAP_NOISE, LABELS = 410, 411, 412, 413, 414
DIFFUSED, START, SAMPLE_STATES = 420, 421, 422
GAPS, PARAMETERS, GRADIENT = 430, 431, 440


# ---------------------------------------------------------------------------------------------- inputs by formula

def bits(stream, count):
    """32 well mixed bits for each index below count."""
    word = np.uint64(0xFFFFFFFF)
    x = (np.arange(count, dtype=np.uint64) * np.uint64(0x9E3779B1) + np.uint64(stream * 0x85EBCA77)) & word
    x ^= x >> np.uint64(16)
    x = (x * np.uint64(0x7FEB352D)) & word
    x ^= x >> np.uint64(15)
    x = (x * np.uint64(0x846CA68B)) & word
    return x ^ (x >> np.uint64(16))


def uniform(stream, count):
    """Multiples of 2^-23 in [-1, 1)."""
    return (bits(stream, count) >> np.uint64(8)).astype(np.float64) / 8388608.0 - 1.0


def spread(stream, count):
    """Sums of three such numbers: mean 0, variance 1."""
    u = uniform(stream, 3 * count).reshape(count, 3)
    return u[:, 0] + u[:, 1] + u[:, 2]


def single(values, *shape):
    """Rounds to float32, so that a device starts from the same numbers."""
    return torch.from_numpy(np.asarray(values).astype(np.float32).astype(np.float64).reshape(shape))


def times(stream, count):
    """In [1e-3, 1); the first two are the ends of the range."""
    t = eda.TIME_MIN + (1 - eda.TIME_MIN) * (0.5 + 0.5 * uniform(stream, count))
    t[0] = eda.TIME_MIN
    if count > 1:
        t[1] = 1.0
    return single(t, count)


# ------------------------------------------------------------------------------------------------------ the network

def tensors(case):
    """Names and shapes of the network's tensors, in order."""
    s, a, h = case["stateSize"], case["actionSize"], case["width"]
    condition = "cond_model.0" if s else "cond_model"
    action_features = h // 2 if s else 7 * h // 8
    shapes = [("embed.0.W", (16,)), (condition + ".weight", (32, 32)), (condition + ".bias", (32,)),
              ("dense1.weight", (h // 8, 32)), ("dense1.bias", (h // 8,)),
              ("dense2.weight", (action_features, a)), ("dense2.bias", (action_features,))]
    if s:
        shapes += [("dense3.weight", (3 * h // 8, s)), ("dense3.bias", (3 * h // 8,))]
    shapes += [("main.fc.weight", (h, h)), ("main.fc.bias", (h,))]
    for l in range(case["blocks"]):
        b = f"main.blocks.{l}."
        shapes += [(b + "layer_norm.weight", (h,)), (b + "layer_norm.bias", (h,)),
                   (b + "fc1.weight", (4 * h, h)), (b + "fc1.bias", (4 * h,)),
                   (b + "fc2.weight", (h, 4 * h)), (b + "fc2.bias", (h,))]
    return shapes + [("main.out_fc.weight", (a, h)), ("main.out_fc.bias", (a,))]


def behavior(case):
    """phi: about half again as large as PyTorch's initialisation, so that nothing is nearly linear."""
    weights = {}
    for i, (name, shape) in enumerate(tensors(case)):
        stream, count = 1000 * case["seed"] + BEHAVIOR + i, math.prod(shape)
        if name == "embed.0.W":
            values = 30 * spread(stream, count)
        elif name.endswith("layer_norm.weight"):
            values = 1 + 0.25 * uniform(stream, count)
        elif len(shape) == 1:
            values = 0.25 * uniform(stream, count)
        else:
            values = 1.5 / math.sqrt(shape[1]) * uniform(stream, count)
        weights[name] = single(values, *shape)
    return weights


def policy(case, weights):
    """theta: phi some way into alignment. The frequencies never move."""
    moved = {}
    for i, (name, shape) in enumerate(tensors(case)):
        if name == "embed.0.W":
            moved[name] = weights[name]
            continue
        stream, count = 1000 * case["seed"] + POLICY + i, math.prod(shape)
        size = 0.125 if len(shape) == 1 else 0.5 / math.sqrt(shape[1])
        moved[name] = single(weights[name].numpy().reshape(-1) + size * uniform(stream, count), *shape)
    return moved


def model(case, weights):
    """The network with these weights."""
    network = eda.Bdm(case["stateSize"], case["actionSize"], case["width"], case["blocks"])
    network.load_state_dict({name: values.clone() for name, values in weights.items()})
    return network


def objective(kind, gaps, labels, temperature, scale):
    """Eq. 14 and Eq. 15."""
    return eda.value_loss(gaps, labels, temperature, scale) if kind == "Value" else eda.preference_loss(gaps, labels, temperature)


def parameter_gradient(loss, network):
    """By tensor; that of the fixed frequencies, and of what the loss does not depend on, is zero."""
    parameters = dict(network.named_parameters())
    found = dict(zip(parameters, torch.autograd.grad(loss, list(parameters.values()), allow_unused=True)))
    return {name: torch.zeros_like(values) if found.get(name) is None else found[name] for name, values in network.state_dict().items()}


def sketch(case, gradients):
    """Per tensor: the norm, a few entries, and projections on vectors of random signs. The mean square of the
    projections of a difference estimates the square of its norm, so an error can be bounded without the whole."""
    rows = []
    for i, (name, shape) in enumerate(tensors(case)):
        g, base = gradients[name].numpy().reshape(-1), 1000 * case["seed"]
        signs = bits(base + SIGNS + i, g.size)
        where = (bits(base + POSITIONS + i, ENTRIES) % np.uint64(g.size)).astype(np.int64)
        rows.append({
            "name": name,
            "norm": float(np.linalg.norm(g)),
            "projections": [float(g @ (1.0 - 2.0 * (signs >> np.uint64(p) & np.uint64(1)).astype(np.float64)))
                            for p in range(PROJECTIONS)],
            "entries": [float(g[j]) for j in where],
        })
    return rows


def whole(case, gradients):
    flat = np.concatenate([gradients[name].numpy().reshape(-1) for name, _ in tensors(case)])
    return base64.b64encode(flat.astype("<f4").tobytes()).decode()


# --------------------------------------------------------------------------------------------------------- the solver

def singlestep_orders(evaluations, order):
    if order == 1:
        return [1] * evaluations
    if order == 2:
        return [2] * (evaluations // 2) + [1] if evaluations % 2 else [2] * (evaluations // 2 - 1) + [1, 1]
    k = evaluations // 3 + 1
    return {0: [3] * (k - 2) + [2, 1], 1: [3] * (k - 1) + [1], 2: [3] * (k - 1) + [2]}[evaluations % 3]


def solve(predict, x, evaluations, order, multistep):
    """DPM-Solver++ (Lu et al. 2022, Algorithms 1 and 2 and the third-order singlestep of its appendix), with data
    prediction, on a grid of times uniform from 1 to 1e-3 that supplies the inner nodes too."""
    grid = [1 + (eda.TIME_MIN - 1) * i / evaluations for i in range(evaluations + 1)]
    alpha, sigma = eda.alpha_sigma(torch.tensor(grid))
    node = list(zip(alpha.tolist(), sigma.tolist(), (alpha.log() - sigma.log()).tolist()))

    def data(i, x):
        return (x - node[i][1] * predict(x, grid[i])) / node[i][0]

    def first(x, i, j, d):
        h = node[j][2] - node[i][2]
        return node[j][1] / node[i][1] * x - node[j][0] * math.expm1(-h) * d

    if multistep:
        older = None
        for i in range(evaluations):
            d = data(i, x)
            if older is None:
                x = first(x, i, i + 1, d)
            else:
                r = (node[i][2] - node[i - 1][2]) / (node[i + 1][2] - node[i][2])
                x = first(x, i, i + 1, (1 + 1 / (2 * r)) * d - 1 / (2 * r) * older)
            older = d
        return x

    i = 0
    for p in singlestep_orders(evaluations, order):
        j = i + p
        (_, sigma_s, lambda_s), (alpha_t, sigma_t, lambda_t) = node[i], node[j]
        h = lambda_t - lambda_s
        d0 = data(i, x)
        if p == 1:
            x = first(x, i, j, d0)
        elif p == 2:
            r1 = (node[i + 1][2] - lambda_s) / h
            d1 = data(i + 1, first(x, i, i + 1, d0))
            x = sigma_t / sigma_s * x - alpha_t * math.expm1(-h) * ((1 - 1 / (2 * r1)) * d0 + 1 / (2 * r1) * d1)
        else:
            r1, r2 = ((node[i + q][2] - lambda_s) / h for q in (1, 2))
            d1 = data(i + 1, first(x, i, i + 1, d0))
            alpha_m, sigma_m, _ = node[i + 2]
            middle = (sigma_m / sigma_s * x - alpha_m * math.expm1(-r2 * h) * d0
                      + r2 / r1 * alpha_m * (math.expm1(-r2 * h) / (r2 * h) + 1) * (d1 - d0))
            d2 = data(i + 2, middle)
            x = (sigma_t / sigma_s * x - alpha_t * math.expm1(-h) * d0
                 + 1 / r2 * alpha_t * (math.expm1(-h) / h + 1) * (d2 - d0))
        i = j
    return x


# ---------------------------------------------------------------------------------------------------------- the files

CASES = [
    dict(name="state3-action2", seed=1, stateSize=3, actionSize=2, width=32, blocks=1, rows=7, stateCount=5,
         candidateCount=3, dropoutRate=0.1, whole=True),
    dict(name="bandit", seed=2, stateSize=0, actionSize=2, width=32, blocks=2, rows=33, stateCount=3,
         candidateCount=16, dropoutRate=0.25, whole=False),
    dict(name="bandit-line", seed=3, stateSize=0, actionSize=1, width=32, blocks=3, rows=50, stateCount=9,
         candidateCount=2, dropoutRate=0.1, whole=False),
    dict(name="locomotion-narrow", seed=4, stateSize=17, actionSize=6, width=64, blocks=2, rows=33, stateCount=3,
         candidateCount=7, dropoutRate=0.1, whole=False),
    dict(name="locomotion", seed=5, stateSize=17, actionSize=6, width=256, blocks=3, rows=5, stateCount=2,
         candidateCount=4, dropoutRate=0.1, whole=False),
]
SOLVERS = [("singlestep", 1, 10), ("singlestep", 2, 15), ("singlestep", 2, 10), ("singlestep", 3, 12),
           ("singlestep", 3, 13), ("singlestep", 3, 14), ("multistep", 2, 12)]
SAMPLE_STATE_COUNT, SAMPLE_CANDIDATE_COUNT = 3, 2


def network(case):
    base, size, s_size = 1000 * case["seed"], case["actionSize"], case["stateSize"]
    phi = behavior(case)
    theta = policy(case, phi)

    def states(stream, count):
        return single(spread(base + stream, count * s_size), count, s_size) if s_size else None

    n = case["rows"]
    a = single(uniform(base + ACTIONS, n * size), n, size)
    at = single(1.5 * spread(base + DIFFUSED, n * size), n, size)
    s, t = states(STATES, n), times(base + TIMES, n)
    noise = single(spread(base + NOISE, n * size), n, size)
    rate = float(np.float32(case["dropoutRate"]))
    features = n * case["blocks"] * case["width"]
    mask = single(uniform(base + MASK, features) >= 2 * rate - 1, n, case["blocks"], case["width"])

    out = {k: case[k] for k in ("name", "seed", "stateSize", "actionSize", "width", "blocks", "rows", "stateCount",
                                "candidateCount", "dropoutRate")}
    out["tensors"] = [{"name": name, "dimensions": list(shape)} for name, shape in tensors(case)]
    out["behaviorSquares"] = float(sum((v**2).sum() for v in phi.values()))
    out["policySquares"] = float(sum((v**2).sum() for v in theta.values()))
    behavior_model, policy_model = model(case, phi), model(case, theta)
    out["density"] = behavior_model(at, t, s).tolist()
    out["score"] = eda.predicted_noise(behavior_model, at, t, s).reshape(-1).tolist()

    for key, dropped in (("denoising", (0.0, None)), ("denoisingWithDropout", (rate, mask))):
        loss = eda.denoising_loss(behavior_model, a, t, noise, s, *dropped)
        g = parameter_gradient(loss, behavior_model)
        out[key] = {"loss": loss.item(), "gradient": sketch(case, g)}
        if case["whole"]:
            out[key]["whole"] = whole(case, g)

    b, k = case["stateCount"], case["candidateCount"]
    candidates = single(uniform(base + CANDIDATES, b * k * size), b, k, size)
    gap_noise = single(spread(base + GAP_NOISE, b * k * size), b, k, size)
    gap_states, gap_times = states(GAP_STATES, b), times(base + GAP_TIMES, b)
    labels = single(spread(base + LABELS, b * k), b, k)
    gaps = eda.gaps(policy_model, behavior_model, candidates, gap_times, gap_noise, gap_states)
    out["gaps"] = gaps.reshape(-1).tolist()
    out["alignment"] = []
    for kind, temperature in (("Value", 0.5), ("Preference", 2.0)):
        gaps = eda.gaps(policy_model, behavior_model, candidates, gap_times, gap_noise, gap_states)
        loss = objective(kind, gaps, labels, temperature, 3.0)
        g = parameter_gradient(loss, policy_model)
        step = {"objective": kind, "temperature": temperature, "labelScale": 3.0, "loss": loss.item(),
                "gradient": sketch(case, g)}
        if case["whole"]:
            step["whole"] = whole(case, g)
        out["alignment"].append(step)

    m, c = SAMPLE_STATE_COUNT, SAMPLE_CANDIDATE_COUNT
    out["sampleStateCount"], out["sampleCandidateCount"] = m, c
    start = single(spread(base + START, m * c * size), m * c, size)
    sample_states = states(SAMPLE_STATES, m)
    if sample_states is not None:
        sample_states = sample_states.repeat_interleave(c, 0)

    def predict(x, time):
        return eda.predicted_noise(behavior_model, x, torch.full((m * c,), time), sample_states).detach()

    out["trajectories"] = [
        {"solver": kind, "order": order, "evaluations": evaluations,
         "samples": solve(predict, start, evaluations, order, kind == "multistep").reshape(-1).tolist()}
        for kind, order, evaluations in SOLVERS]
    return out


def objectives():
    """Loss and its gradient to the gaps, apart from any network."""
    out = []
    for i, (kind, b, k, temperature, scale) in enumerate([
            ("Value", 5, 16, 1.0, 3.0), ("Value", 7, 3, 0.1, 1.0), ("Value", 3, 50, 5.0, 3.0),
            ("Preference", 5, 16, 0.5, 3.0), ("Preference", 9, 2, 1.0, 3.0), ("Value", 9, 2, 2.0, 3.0)]):
        seed = 20 + i
        gaps = single(2 * spread(1000 * seed + GAPS, b * k), b, k).requires_grad_(True)
        labels = single(spread(1000 * seed + LABELS, b * k), b, k)
        t32, s32 = float(np.float32(temperature)), float(np.float32(scale))
        loss = objective(kind, gaps, labels, t32, s32)
        g, = torch.autograd.grad(loss, gaps)
        out.append({"seed": seed, "objective": kind, "stateCount": b, "candidateCount": k, "temperature": temperature,
                    "labelScale": scale, "loss": loss.item(), "gapsGradient": g.reshape(-1).tolist()})
    return out


def adam():
    """torch.optim.Adam with PyTorch's defaults, on gradients given by formula."""
    seed, count, rate = 40, 45, 3e-4
    x = single(uniform(1000 * seed + PARAMETERS, count), count).requires_grad_(True)
    optimizer, after = torch.optim.Adam([x], lr=rate), []
    # Magnitudes down to 1e-8, where epsilon matters; every ninth gradient is zero.
    scales = np.array([0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8])[np.arange(count) % 9]
    for step in range(4):
        g = spread(1000 * seed + GRADIENT + step, count) * scales
        x.grad = single(g, count)
        optimizer.step()
        after.append(x.detach().tolist())
    return {"seed": seed, "count": count, "learningRate": rate, "after": after}


def write(name, content):
    """JSON with a line per key, and lists of numbers on one line."""

    def text(value, indent):
        inner = indent + " "
        if isinstance(value, dict):
            lines = [f"{inner}{json.dumps(k)}: {text(v, inner)}" for k, v in value.items()]
            return "{\n" + ",\n".join(lines) + "\n" + indent + "}"
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return "[\n" + ",\n".join(inner + text(v, inner) for v in value) + "\n" + indent + "]"
        return json.dumps(value)

    (DATA / f"{name}.json").write_text(text(content, "") + "\n")


def differences(found, expected, where=""):
    """The places where two documents differ by more than rounding."""
    if isinstance(expected, dict):
        if not isinstance(found, dict) or list(found) != list(expected):
            return [where]
        if "projections" in expected:
            # A sketch: its numbers are as exact as the tensor's norm; that of the output bias's gradient, 1e-15, is rounding alone
            # and another on every processor.
            scale = max(expected["norm"], 1e-4)
            near = all(abs(one - other) <= TOLERANCE * scale for key in ("projections", "entries") for one, other in zip(found[key], expected[key]))
            return [] if near and found["name"] == expected["name"] and abs(found["norm"] - expected["norm"]) <= TOLERANCE * scale else [where]
        return [place for key in expected for place in differences(found[key], expected[key], f"{where}.{key}")]
    if isinstance(expected, list) and expected and isinstance(expected[0], float):
        one, other = np.array(found, dtype=float), np.array(expected)
        return [] if one.shape == other.shape and np.linalg.norm(one - other) <= TOLERANCE * max(np.linalg.norm(other), 1) else [where]
    if isinstance(expected, list):
        if len(found) != len(expected):
            return [where]
        return [place for i, (one, other) in enumerate(zip(found, expected)) for place in differences(one, other, f"{where}[{i}]")]
    if isinstance(expected, float):
        return [] if abs(found - expected) <= TOLERANCE * max(abs(expected), 1) else [where]
    if where.endswith(".whole"):
        one, other = (np.frombuffer(base64.b64decode(text), "<f4") for text in (found, expected))
        return [] if one.shape == other.shape and np.linalg.norm(one - other) <= 1e-6 * np.linalg.norm(other) else [where]
    return [] if found == expected else [where]


def main(documents):
    """Writes documents by name, or with --check compares them."""
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(f"generate: unknown argument {sys.argv[1]!r}; allowed is --check")
    if not sys.argv[1:]:
        DATA.mkdir(exist_ok=True)
        for name, content in documents:
            write(name, content)
        return
    differing = [place for name, content in documents for place in differences(content, json.loads((DATA / f"{name}.json").read_text()), name)]
    for place in differing:
        print(f"{place} differs")
    print(f"{len(differing)} of the comparisons failed" if differing else f"PyTorch {torch.__version__}: every comparison agrees")
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main([(case["name"], network(case)) for case in CASES] + [("objectives", objectives()), ("adam", adam())])
