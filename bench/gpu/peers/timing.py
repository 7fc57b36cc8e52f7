"""What the peers share beside the method's numbers: how large their steps are, and how steps are timed. Needs nothing but
Python. Importing it makes bench/reference importable; in a packed program its files lie beside this one."""

import argparse
import json
import os
import statistics
import sys
import time

# The exit status of a peer that cannot run here, which bench/gpu/run tells from one that failed.
LEFT_OUT = 77

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "reference"))


class Size:
    """How large the steps are: the published code's, or small enough for a test."""

    def __init__(self, small=False):
        self.states, self.actions, self.width, self.blocks = (3, 2, 32, 1) if small else (17, 6, 256, 3)
        self.rows, self.alignment_states, self.candidates = (64, 4, 4) if small else (2048, 256, 16)
        self.score_rows, self.sample_states = (64, 4) if small else (4096, 4096)
        self.critic_rows = 32 if small else 256
        self.dataset, self.alignment_set = (512, 64) if small else (100_000, 20_000)


def arguments(description, modes, flags=()):
    """The command line of a peer; `flags` are its own, each a name and what it does."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--precision", default="fp32", choices=modes)
    parser.add_argument("--json", help="also write the times to this file")
    parser.add_argument("--small", action="store_true", help="sizes for a test")
    parser.add_argument("--tolerant", action="store_true", help="leave out a step that fails, and time the others")
    parser.add_argument("--block", type=int, default=50, help="steps between two looks at the clock")
    parser.add_argument("--blocks", type=int, default=9, help="how often; the median counts")
    parser.add_argument("--stage-steps", type=int, default=500, help="0 for no training stages")
    parser.add_argument("--stage-states", type=int, default=20_480, help="0 for no sampling stage")
    for name, what in flags:
        parser.add_argument(name, action="store_true", help=what)
    return parser.parse_args()


def leave_out(why):
    """Ends a peer that cannot run here, with the status that bench/gpu/run takes for that."""
    print(why, file=sys.stderr)
    sys.exit(LEFT_OUT)


def measure(options, synchronize, steps, stages):
    """Medians of blocks of steps, and whole stages. `steps` maps a name to a function and the share of a block it is
    run for; `stages` maps a name to a function of a count and that count."""
    times = {}
    for name, (run, share) in steps.items():
        count = max(1, int(options.block * share))
        try:
            for _ in range(3):
                run()
        except Exception as failure:  # What a compiler may refuse is the step it refuses, and no other.
            if not options.tolerant:
                raise
            print(f"{name:24} left out: {type(failure).__name__}: {str(failure).strip().splitlines()[0] if str(failure).strip() else ''}", flush=True)
            continue
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
        if count == 0:
            continue
        synchronize()
        start = time.perf_counter()
        run(count)
        synchronize()
        whole[f"{name}_{count}"] = time.perf_counter() - start
        print(f"{name + '_' + str(count):24} {whole[f'{name}_{count}']:10.3f} s", flush=True)
    return times, whole


def save(path, program, version, mode, device, precision, steps, stages):
    """The document that `eda bench report` gathers: there whole or not at all."""
    with open(path + ".tmp", "w") as file:
        json.dump({"program": program, "version": version, "mode": mode, "device": device, "precision": precision,
                   "steps": steps, "stages": stages}, file, indent=2)
    os.replace(path + ".tmp", path)
