"""PyTorch as a contender: answers the driver's requests, one JSON text a line (see src/protocol.ts)."""

import json
import math
import re
import sys
import time

import torch

from blas import blas_in_use
from memory import ResidentMemory
from ops import OpRunner
from safetensors_file import read_tensors
from training import TrainRunner


def about():
    blas, refusal = blas_in_use()
    capability = re.search(r"CPU capability usage: (\w+)", torch.__config__.show())
    details = [blas] + ([f"PyTorch's own kernels: {capability.group(1)}"] if capability else [])
    return {"version": torch.__version__, "threads": torch.get_num_threads(), "details": details, "refusal": refusal}


def timed(runner, steps):
    runner.reset()
    loss = None
    start = time.perf_counter()
    for _ in range(steps):
        loss = runner.step()
    milliseconds = (time.perf_counter() - start) * 1000
    return {"milliseconds": milliseconds, "loss": loss if loss is None or math.isfinite(loss) else None}


def write_outputs(runner, path):
    outputs = [t.detach().contiguous() for t in runner.outputs()]
    with open(path, "wb") as file:
        for t in outputs:
            t.numpy().tofile(file)
    return {"sizes": [t.numel() for t in outputs]}


class Contender:
    def __init__(self):
        self.memory = ResidentMemory()
        self.runner = None

    def answer(self, request):
        kind = request["kind"]
        if kind == "about":
            return about()
        if kind == "load":
            task, tensors = request["task"], read_tensors(request["file"])
            self.runner = OpRunner(task, tensors) if task["kind"] == "op" else TrainRunner(task, tensors)
            self.memory.draw_line()
            return {}
        if kind == "run":
            return timed(self.runner, request["steps"])
        if kind == "outputs":
            return write_outputs(self.runner, request["file"])
        if kind == "memory":
            return self.memory.measure()
        raise ValueError(f"unknown request {kind}")


def main():
    torch.set_num_threads(int(sys.argv[1]))
    torch.set_num_interop_threads(1)
    # Standard output belongs to the protocol.
    answers, sys.stdout = sys.stdout, sys.stderr
    contender = Contender()
    for line in iter(sys.stdin.readline, ""):
        try:
            reply = {"answer": contender.answer(json.loads(line))}
        except Exception as e:  # the driver is told, and decides
            reply = {"error": f"{type(e).__name__}: {e}".splitlines()[0]}
        print(json.dumps(reply, allow_nan=False), file=answers, flush=True)


main()
