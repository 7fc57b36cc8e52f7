#!/usr/bin/env python3
"""Writes data/statistics.json: what the aggregates of Agarwal et al. 2021, their bootstrap intervals, the probability of
improvement and the performance profile of a few sets of scores must be.

Everything is scipy's and NumPy's own (trim_mean, mannwhitneyu, percentile); only the words that resamples are drawn by
are the engine's, from bench/reference/philox.py. Scores are drawn by NumPy and stand in the file.

Needs NumPy and SciPy (Debian: python3-scipy). From the repository root:

    python3 tests/Golden/generate_statistics.py
"""

import json
import pathlib
import sys

import numpy as np
import scipy.stats

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "bench" / "reference"))
import philox  # noqa: E402

BOOTSTRAP_INDEX = 10
REPLICATIONS, LEVEL, GAMMA = 2000, 0.95, 100.0

# Runs of each task: of X, and of Y on the same tasks.
SIZES = {
    "one task": ([5], [5]),
    "three tasks of five": ([5, 5, 5], [5, 5, 5]),
    "ragged": ([3, 6, 4, 2], [4, 2, 5, 7]),
    "whole numbers with ties": ([8, 8], [6, 6]),
}


def aggregates(tasks):
    means = [np.mean(runs) for runs in tasks]
    gap = np.mean([GAMMA - np.mean(np.minimum(runs, GAMMA)) for runs in tasks])
    return [np.mean(means), np.median(means), scipy.stats.trim_mean(np.concatenate(tasks), 0.25), gap]


def improvement(x, y):
    shares = [scipy.stats.mannwhitneyu(a, b, alternative="greater").statistic / (len(a) * len(b)) for a, b in zip(x, y)]
    return [np.mean(shares)]


def profile(tasks, thresholds):
    return [np.mean([np.mean(runs > threshold) for runs in tasks]) for threshold in thresholds]


def resamples(seed, *algorithms):
    count = sum(len(runs) for tasks in algorithms for runs in tasks)
    for replication in range(REPLICATIONS):
        words = list(philox.words(seed, philox.EVALUATION, replication, BOOTSTRAP_INDEX, 0, count))
        yield [[np.array([runs[(int(words.pop(0)) * len(runs)) >> 32] for _ in runs]) for runs in tasks] for tasks in algorithms]


def intervals(outcomes):
    ends = [50 * (1 - LEVEL), 50 * (1 + LEVEL)]
    return [list(ends) for ends in np.percentile(np.array(outcomes), ends, axis=0).T]


def main():
    random = np.random.default_rng(2021)
    cases = []
    for seed, (name, sizes) in enumerate(SIZES.items()):
        x, y = [[random.normal(85 + 5 * m + 4 * side, 15, n).round(0 if "whole" in name else 3) for m, n in enumerate(counts)]
                for side, counts in enumerate(sizes)]
        thresholds = [50.0, 80.0, float(x[0][1]), 95.0, 110.0]
        drawn = [resample[0] for resample in resamples(seed, x)]
        cases.append({
            "name": name, "seed": seed, "replications": REPLICATIONS, "gamma": GAMMA,
            "x": [list(runs) for runs in x], "y": [list(runs) for runs in y], "thresholds": thresholds,
            "aggregates": aggregates(x), "aggregateIntervals": intervals([aggregates(tasks) for tasks in drawn]),
            "profile": profile(x, thresholds), "profileIntervals": intervals([profile(tasks, thresholds) for tasks in drawn]),
            "improvement": improvement(x, y)[0], "improvementInterval": intervals([improvement(*both) for both in resamples(seed, x, y)])[0],
        })
    (HERE / "data" / "statistics.json").write_text(json.dumps(cases, indent=1) + "\n")


main()
