"""What both peers share: sizes, constants, the noise schedule and the solver's coefficients as plain numbers, and how
steps are timed. Needs nothing but Python. The formulas are the paper's (arXiv 2407.09024) and DPM-Solver++'s (arXiv
2211.01095)."""

import argparse
import json
import math
import statistics
import time

BETA_MIN, BETA_MAX, TIME_MIN = 0.1, 20.0, 1e-3
TIME_FEATURES, NORM_EPSILON = 32, 1e-5

# The published settings (method sections 3 to 5).
PRETRAINING_RATE, ALIGNMENT_RATE, CRITIC_RATE = 3e-4, 5e-5, 3e-4
DROPOUT = 0.1
TEMPERATURE, LABEL_SCALE = 1.0, 3.0
DISCOUNT, EXPECTILE, TARGET_RATE = 0.99, 0.7, 0.005
CRITIC_WIDTH = 256


class Size:
    """How large the steps are: the published code's, or small enough for a test."""

    def __init__(self, small=False):
        self.states, self.actions, self.width, self.blocks = (3, 2, 32, 1) if small else (17, 6, 256, 3)
        self.rows, self.alignment_states, self.candidates = (64, 4, 4) if small else (2048, 256, 16)
        self.score_rows, self.sample_states = (64, 4) if small else (4096, 4096)
        self.critic_rows = 32 if small else 256
        self.dataset, self.alignment_set = (512, 64) if small else (100_000, 20_000)


def schedule(t):
    """alpha, sigma and the half-log-SNR of a time."""
    log_alpha = -0.25 * t * t * (BETA_MAX - BETA_MIN) - 0.5 * t * BETA_MIN
    sigma = math.sqrt(-math.expm1(2 * log_alpha))
    return math.exp(log_alpha), sigma, log_alpha - math.log(sigma)


def solver_table(evaluations=15):
    """DPM-Solver++ in data prediction, singlestep, order 2 (the last step of an odd number has order 1), on times
    uniform from 1 to 1e-3. A row is (t, alpha, sigma, weight of the anchor, of this data prediction, of the one
    before, whether the new point becomes the anchor)."""
    times = [1 + (TIME_MIN - 1) * i / evaluations for i in range(evaluations + 1)]
    nodes = [schedule(t) for t in times]
    rows, i = [], 0
    while i < evaluations:
        # As many steps of order 2 as leave one (odd) or two (even) evaluations for steps of order 1.
        order = 2 if evaluations - i > 2 or (evaluations - i == 2 and evaluations % 2) else 1
        alpha_s, sigma_s, lambda_s = nodes[i]
        if order == 2:
            alpha_m, sigma_m, lambda_m = nodes[i + 1]
            alpha_t, sigma_t, lambda_t = nodes[i + 2]
            step, part = lambda_t - lambda_s, lambda_m - lambda_s
            ratio = part / step
            rows.append((times[i], alpha_s, sigma_s, sigma_m / sigma_s, -alpha_m * math.expm1(-part), 0.0, False))
            change = -alpha_t * math.expm1(-step)
            rows.append((times[i + 1], alpha_m, sigma_m, sigma_t / sigma_s, change / (2 * ratio), change * (1 - 1 / (2 * ratio)), True))
        else:
            alpha_t, sigma_t, lambda_t = nodes[i + 1]
            rows.append((times[i], alpha_s, sigma_s, sigma_t / sigma_s, -alpha_t * math.expm1(-(lambda_t - lambda_s)), 0.0, True))
        i += order
    return rows


def arguments(description, modes):
    """The command line of a peer."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--precision", default="fp32", choices=modes)
    parser.add_argument("--json", help="also write the times to this file")
    parser.add_argument("--small", action="store_true", help="sizes for a test")
    parser.add_argument("--block", type=int, default=50, help="steps between two looks at the clock")
    parser.add_argument("--blocks", type=int, default=9, help="how often; the median counts")
    parser.add_argument("--stage-steps", type=int, default=500)
    parser.add_argument("--stage-states", type=int, default=20_480)
    return parser.parse_args()


def measure(options, synchronize, steps, stages):
    """Medians of blocks of steps, and whole stages. `steps` maps a name to a function and the share of a block it is
    run for; `stages` maps a name to a function of a count and that count."""
    times = {}
    for name, (run, share) in steps.items():
        count = max(1, int(options.block * share))
        for _ in range(3):
            run()
        blocks = []
        for _ in range(options.blocks):
            synchronize()
            start = time.perf_counter()
            for _ in range(count):
                run()
            synchronize()
            blocks.append((time.perf_counter() - start) / count)
        times[name] = statistics.median(blocks)
        print(f"{name:24} {times[name] * 1e3:10.3f} ms", flush=True)
    whole = {}
    for name, (run, count) in stages.items():
        synchronize()
        start = time.perf_counter()
        run(count)
        synchronize()
        whole[f"{name}_{count}"] = time.perf_counter() - start
        print(f"{name + '_' + str(count):24} {whole[f'{name}_{count}']:10.3f} s", flush=True)
    return times, whole


def save(path, program, version, mode, device, precision, steps, stages):
    """The document that `eda bench report` gathers."""
    with open(path, "w") as file:
        json.dump({"program": program, "version": version, "mode": mode, "device": device, "precision": precision,
                   "steps": steps, "stages": stages}, file, indent=2)
