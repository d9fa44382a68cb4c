"""Which BLAS PyTorch multiplies matrices with."""

import ctypes
import os
import re

import torch

ADVICE = "this is the reference BLAS, many times slower than PyTorch has to be: install Debian's libopenblas0-pthread"


def mapped_files():
    """(start, end, path) of every mapped file of this process; none where the system does not tell."""
    try:
        with open("/proc/self/maps") as maps:
            fields = [line.split(maxsplit=5) for line in maps]
    except OSError:
        return []
    spans = [(f[0].split("-"), f[5].strip()) for f in fields if len(f) == 6 and f[5].startswith("/")]
    return [(int(start, 16), int(end, 16), path) for (start, end), path in spans]


def library_of_products():
    """Path of the library whose `sgemm_` PyTorch calls; None where that cannot be found out."""
    files = mapped_files()
    own = next((path for _, _, path in files if "libtorch_cpu" in os.path.basename(path)), None)
    if own is None:
        return None
    try:
        # Looked up from PyTorch's own library, as the loader does.
        address = ctypes.cast(ctypes.CDLL(own).sgemm_, ctypes.c_void_p).value
    except AttributeError:
        return None
    return next((path for start, end, path in files if start <= address < end), None)


def openblas_core(path):
    """The processor that OpenBLAS chose its kernels for; None for another library."""
    try:
        function = ctypes.CDLL(path).openblas_get_corename
    except AttributeError:
        return None
    function.restype = ctypes.c_char_p
    return function().decode()


def blas_in_use():
    """A line about the BLAS, and why it must not be compared with (None if it may)."""
    path = library_of_products()
    if path is None or "libtorch" in os.path.basename(path):
        built = re.search(r"BLAS_INFO=(\w+)", torch.__config__.show())
        return f"BLAS: {built.group(1) if built else 'unknown'}, as PyTorch was built", None
    core = openblas_core(path)
    if core is not None:
        forced = os.environ.get("OPENBLAS_CORETYPE")
        return f"BLAS: OpenBLAS ({path}), core type {core}" + (", set by OPENBLAS_CORETYPE" if forced else ""), None
    return f"BLAS: {path}", None if re.search("mkl|blis", os.path.basename(path)) else ADVICE
