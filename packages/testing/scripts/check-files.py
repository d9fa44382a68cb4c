#!/usr/bin/python3
"""Loads a model that @nabla/io has written into the same model of PyTorch, and compares what the two compute.

    /usr/bin/python3 packages/testing/scripts/check-files.py

Run it in the repository after `npm ci`. The safetensors file is read here by the format's description, since Debian has no
package for it.
"""
import importlib.util
import json
import math
import os
import struct
import subprocess
import tempfile

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, '..', '..', '..'))
NUMPY = {'F32': '<f4', 'F64': '<f8', 'I64': '<i8', 'I32': '<i4', 'U8': '|u1', 'BOOL': '|b1'}
TOLERANCE = 1e-5


def load_safetensors(path):
    with open(path, 'rb') as f:
        data = f.read()
    (length,) = struct.unpack('<Q', data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop('__metadata__', None)
    out = {}
    for name, entry in header.items():
        begin, end = entry['data_offsets']
        piece = np.frombuffer(data[8 + length + begin : 8 + length + end], dtype=NUMPY[entry['dtype']])
        assert piece.size == math.prod(entry['shape']), name
        out[name] = torch.from_numpy(piece.reshape(entry['shape']).copy())
    return out


def recorded_model():
    spec = importlib.util.spec_from_file_location('record_files', os.path.join(HERE, 'record-files.py'))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Model()


def main():
    with tempfile.TemporaryDirectory() as folder:
        writer = os.path.join('packages', 'io', 'test', 'exchange', 'model.ts')
        subprocess.run(['node', '--conditions=@nabla/source', '--import', 'tsx', os.path.join(ROOT, writer), folder], cwd=ROOT, check=True)
        state = load_safetensors(os.path.join(folder, 'model.safetensors'))
        run = load_safetensors(os.path.join(folder, 'run.safetensors'))
    model = recorded_model()
    print(model.load_state_dict(state, strict=True))
    with torch.no_grad():
        output = model.eval()(run['input'])
    assert output.shape == run['output'].shape and output.dtype == run['output'].dtype
    worst = (output - run['output']).abs().max().item()
    spread = run['output'].std().item()
    print('%d tensors, %d outputs of standard deviation %.3g: the largest difference is %.3g' % (len(state), output.numel(), spread, worst))
    assert worst <= TOLERANCE, 'PyTorch computes something else'


if __name__ == '__main__':
    main()
