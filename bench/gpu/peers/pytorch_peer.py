#!/usr/bin/env python3
"""PyTorch's side of `eda bench compare`: runs steps on request. A line of JSON on standard input asks, a line on
standard output answers, as the engine's `eda bench peer` does: {"run": STEP, "count": N} gives {"seconds": S},
{"stages": [[STAGE, FOLDER], ...]} runs stages of eda_reference.py one after the other. The end of the input ends it."""

import argparse
import ctypes
import json
import os
import sys
import time

import torch

import pytorch_steps
import timing


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "tf32", "bf16", "bf16-products"],
                        help="bf16: by torch.autocast; bf16-products: fp32 whose matrix products may round factors to bf16")
    parser.add_argument("--threads", type=int, help="threads of a step; PyTorch's own choice where it is not given")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--sample-states", type=int)
    return parser.parse_args()


def matrix_library():
    """The library of matrix products that this PyTorch brings along; None where it takes the system's."""
    return "mkl" if torch.backends.mkl.is_available() else None


def kernel():
    """Which of its kernels OpenBLAS chose; None where this is not it."""
    for line in open("/proc/self/maps") if os.path.exists("/proc/self/maps") else []:
        file = line.split()[-1]
        if "openblas" not in file:
            continue
        try:
            name = ctypes.CDLL(file).openblas_get_corename
        except (OSError, AttributeError):
            continue
        name.restype = ctypes.c_char_p
        return name().decode()
    return None


def widen_norms():
    """Layer norms in fp32 under autocast, as newer versions have them: older ones refuse what comes in as bf16."""
    plain = torch.nn.functional.layer_norm
    torch.nn.functional.layer_norm = lambda x, *rest, **named: plain(x.float(), *rest, **named)


def main():
    options = arguments()
    # Whatever the steps print, the answers are all that goes out.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    if options.threads:
        torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = options.precision == "tf32"
    if options.precision == "bf16":
        widen_norms()
    if options.precision == "bf16-products":
        torch.set_float32_matmul_precision("medium")
    device = torch.device(options.device)
    size = timing.Size(options.small)
    if options.sample_states:
        size.sample_states = options.sample_states
    synchronize = torch.cuda.synchronize if device.type == "cuda" else (lambda: None)
    work = None

    def answer(**values):
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    def stages(lines):
        import eda_reference
        start = time.perf_counter()
        for line in lines:
            status = eda_reference.main(line)
            if status:
                return {"error": f"eda_reference.py {' '.join(line)} ended with status {status}"}
        return {"seconds": time.perf_counter() - start}

    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    answer(program="pytorch", version=torch.__version__, device=name, precision=options.precision,
           threads=torch.get_num_threads(), blas=matrix_library(), kernel=kernel())
    for line in sys.stdin:
        request = json.loads(line)
        if "stages" in request:
            answer(**stages(request["stages"]))
            continue
        if work is None:
            work = pytorch_steps.Workload(size, device)
        step = getattr(work, request["run"])
        synchronize()
        start = time.perf_counter()
        # What an IQL step evaluates without gradients would stay in autocast's cache without them.
        cached = request["run"] != "iql_step"
        with torch.autocast(device.type, torch.bfloat16, enabled=options.precision == "bf16", cache_enabled=cached):
            for _ in range(request["count"]):
                step()
        synchronize()
        answer(seconds=time.perf_counter() - start)


if __name__ == "__main__":
    main()
