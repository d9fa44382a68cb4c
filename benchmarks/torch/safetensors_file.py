"""Reads what the driver wrote. The format is small enough not to need its library, which Debian does not have."""

import json

import numpy
import torch

DTYPES = {"F32": "<f4", "I64": "<i8"}


def read_tensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        body = file.read()
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        # A copy, which may be written to.
        elements = numpy.frombuffer(body[begin:end], dtype=DTYPES[entry["dtype"]]).copy()
        tensors[name] = torch.from_numpy(elements).reshape(entry["shape"])
    return tensors
