"""Writes families of records in the format of fixtures/pytorch/FORMAT.md."""
import json
import math
import os
import struct

import torch

TYPES = {'float32': 'F32', 'float64': 'F64', 'int64': 'I64', 'bool': 'BOOL'}


class Family:
    """A manifest and its tensors."""

    def __init__(self, name):
        self.name = name
        self.tensors = {}
        self.cases = []

    def put(self, key, t):
        self.tensors[key] = t.detach().contiguous().numpy().copy()
        return {'$t': key}

    def write(self, directory):
        header, data = {}, b''
        # Wide elements first, so that each begins at a multiple of its size.
        for key, a in sorted(self.tensors.items(), key=lambda item: -item[1].itemsize):
            raw = a.tobytes()
            header[key] = {'dtype': TYPES[str(a.dtype)], 'shape': list(a.shape), 'data_offsets': [len(data), len(data) + len(raw)]}
            data += raw
        text = json.dumps(header, separators=(',', ':')).encode()
        text += b' ' * (-len(text) % 8)
        with open(os.path.join(directory, self.name + '.safetensors'), 'wb') as f:
            f.write(struct.pack('<Q', len(text)) + text + data)
        lines = ',\n'.join(json.dumps(c, separators=(',', ':')) for c in self.cases)
        head = {'format': 'golden-1', 'family': self.name, 'torch': torch.__version__, 'count': len(self.cases)}
        with open(os.path.join(directory, self.name + '.json'), 'w') as f:
            f.write(json.dumps(head)[:-1] + ', "cases": [\n' + lines + '\n]}\n')


def number(x):
    """A Python number as the manifests write it."""
    if isinstance(x, bool) or isinstance(x, int) or x is None or isinstance(x, str):
        return x
    if isinstance(x, (list, tuple)):
        return [number(v) for v in x]
    if isinstance(x, dict):
        return {k: number(v) for k, v in x.items()}
    if math.isnan(x):
        return {'$f': 'nan'}
    if math.isinf(x):
        return {'$f': 'inf' if x > 0 else '-inf'}
    return {'$f': int(x)} if x == int(x) and abs(x) < 2**53 else x
