"""The engine's random words in NumPy: Philox 4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011) with the seed as its key and
(element div 4, step, stage, purpose) as its counter. Initial weights, and what must be the same pairs, states or noise in
both programs, are drawn so; training draws from PyTorch's own generator."""

import numpy as np

# Stages and purposes, as the engine numbers them (kernels/Contracts/RandomDraw.cs).
DATA, BEHAVIOR, CRITIC, LABEL, EVALUATION = 0, 1, 2, 3, 5
DIFFUSION_TIME, NOISE, INITIALISATION, SOLVER_START, LABEL_SELECTION, HELD_OUT = 1, 2, 4, 5, 20, 21
TWIN_INITIALISATION, VALUE_INITIALISATION, POLICY_INITIALISATION = 40, 41, 42

WORD = np.uint64(0xFFFFFFFF)

# Candidates of a state that are drawn together.
BLOCK = 16


def words(seed, stage, step, purpose, first, count):
    """The words of elements first ... first + count - 1, as uint64."""
    begin, end = first // 4, -(-(first + count) // 4)
    counters = [np.arange(begin, end, dtype=np.uint64) & WORD] + [np.full(end - begin, n, dtype=np.uint64) for n in (step, stage, purpose)]
    keys = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        low, high = counters[0] * np.uint64(0xD2511F53), counters[2] * np.uint64(0xCD9E8D57)
        counters = [(high >> np.uint64(32)) ^ counters[1] ^ np.uint64(keys[0]), high & WORD,
                    (low >> np.uint64(32)) ^ counters[3] ^ np.uint64(keys[1]), low & WORD]
        keys = [(keys[0] + 0x9E3779B9) & 0xFFFFFFFF, (keys[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(counters, 1).reshape(-1)[first - 4 * begin:first - 4 * begin + count]


def uniform(seed, stage, step, purpose, first, count):
    """In [0, 1), float32: the upper 24 bits."""
    return ((words(seed, stage, step, purpose, first, count) >> np.uint64(8)).astype(np.float64) / 16777216.0).astype(np.float32)


def normal(seed, stage, step, purpose, first, count):
    """Float32, by Box-Muller: a pair from words 0 and 1 of a block, and one from words 2 and 3."""
    begin = first // 2 * 2
    pairs = words(seed, stage, step, purpose, begin, -(-(first + count - begin) // 2) * 2).reshape(-1, 2).astype(np.float64)
    radius, angle = np.sqrt(-2.0 * np.log((pairs[:, 0] + 1.0) / 4294967296.0)), pairs[:, 1] * (2.0 * np.pi / 4294967296.0)
    numbers = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).astype(np.float32).reshape(-1)
    return numbers[first - begin:first - begin + count]


def solver_start(seed, stage, numbers, k, size):
    """Where k candidates of the states with these numbers start [n, k, size]: candidate 16 b + j of the state numbered r
    begins at element (16 r + j) size of step b."""
    start = np.empty((len(numbers), k, size), dtype=np.float32)
    for block in range(0, k, BLOCK):
        width = min(BLOCK, k - block)
        for i, number in enumerate(numbers):
            drawn = normal(seed, stage, block // BLOCK, SOLVER_START, int(number) * BLOCK * size, width * size)
            start[i, block:block + width] = drawn.reshape(width, size)
    return start


def choose(count, chosen, seed, stage, purpose):
    """Rows without replacement, ascending: those with the smallest words, of equal ones the first."""
    if chosen == count:
        return np.arange(count)
    return np.sort(np.argsort(words(seed, stage, 0, purpose, 0, count), kind="stable")[:chosen])
