#!/usr/bin/python3
"""Writes files of PyTorch and numpy, and what is in them, for the tests of @nabla/io.

    /usr/bin/python3 packages/testing/scripts/record-files.py --out packages/testing/fixtures/files

safetensors files are written here by the format's description, since Debian has no package for it.
"""
import argparse
import json
import math
import os
import struct

import numpy as np
import torch
from torch import nn

NAMES = {
    torch.bool: 'BOOL', torch.uint8: 'U8', torch.int8: 'I8', torch.int16: 'I16', torch.int32: 'I32', torch.int64: 'I64',
    torch.float16: 'F16', torch.bfloat16: 'BF16', torch.float32: 'F32', torch.float64: 'F64',
}


def number(x):
    if isinstance(x, bool):
        return int(x)
    if isinstance(x, float):
        if math.isnan(x):
            return 'nan'
        if math.isinf(x):
            return 'inf' if x > 0 else '-inf'
        if x == 0 and math.copysign(1, x) < 0:
            return '-0'
    return x


def described(t):
    """What a test compares: shape, and the elements in row-major order."""
    if isinstance(t, torch.Tensor):
        flat = t.detach().double() if t.is_floating_point() else t.detach()
        return {'shape': list(t.shape), 'values': [number(x) for x in flat.reshape(-1).tolist()]}
    return {'shape': list(t.shape), 'values': [number(x) for x in t.reshape(-1).tolist()]}


def raw(t):
    t = t.detach().contiguous()
    if t.dtype == torch.bfloat16:
        return t.view(torch.int16).numpy().tobytes()
    return t.numpy().tobytes()


def save_safetensors(path, tensors, metadata=None):
    header, data = {}, b''
    if metadata:
        header['__metadata__'] = metadata
    for name, t in tensors.items():
        piece = raw(t)
        header[name] = {'dtype': NAMES[t.dtype], 'shape': list(t.shape), 'data_offsets': [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(path, 'wb') as f:
        f.write(struct.pack('<Q', len(text)) + text + data)


class Model(nn.Module):
    """The kinds of layers whose state has names of its own."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.conv = nn.Conv1d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm1d(4)
        self.lstm = nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True)
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
        self.head = nn.Sequential(nn.LayerNorm(6), nn.Linear(6, 2))

    def forward(self, x):
        x = self.norm(self.conv(self.embedding(x).transpose(1, 2))).transpose(1, 2)
        x, _ = self.lstm(x)
        x, _ = self.attention(x, x, x)
        return self.head(x)


def floats(dtype):
    return torch.tensor([0.0, -0.0, 1.0, -2.5, 1 / 3, 65504.0, 6e-8, 1e-5, math.inf, -math.inf, math.nan], dtype=torch.float64).to(dtype)


def all_dtypes():
    out = {str(d)[6:]: floats(d) for d in (torch.float16, torch.bfloat16, torch.float32, torch.float64)}
    for d in (torch.uint8, torch.int8, torch.int16, torch.int32):
        info = torch.iinfo(d)
        out[str(d)[6:]] = torch.tensor([[info.min, info.max, 0], [1, 2, 3]], dtype=d)
    out['int64'] = torch.tensor([2**53 - 1, -(2**53 - 1), 0, -1, 2**32, -(2**32) - 1])
    out['bool'] = torch.tensor([[True, False], [False, True]])
    out['scalar'] = torch.tensor(1.5)
    out['none'] = torch.zeros(0, 3)
    return out


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--out', required=True)
    out = parser.parse_args().out
    at = lambda name: os.path.join(out, name)
    expected = {}
    torch.manual_seed(0)

    model = Model()
    x = torch.randint(0, 5, (2, 6))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, amsgrad=True)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    model(x).square().mean().backward()
    optimizer.step()
    scheduler.step()
    model.eval()
    state = model.state_dict()
    torch.save(state, at('model.pt'))
    save_safetensors(at('model.safetensors'), state, {'format': 'pt'})
    expected['model'] = {k: described(v) for k, v in state.items()}
    expected['model.run'] = {'input': described(x), 'output': described(model(x))}
    # Two files and their index, as large models are published.
    names = list(state)
    first = {k: state[k] for k in names[: len(names) // 2]}
    second = {k: state[k] for k in names[len(names) // 2 :]}
    save_safetensors(at('shards/model-00001-of-00002.safetensors'), first)
    save_safetensors(at('shards/model-00002-of-00002.safetensors'), second)
    where = {k: 'model-0000%d-of-00002.safetensors' % (1 if k in first else 2) for k in names}
    with open(at('shards/model.safetensors.index.json'), 'w') as f:
        json.dump({'metadata': {'total_size': sum(len(raw(t)) for t in state.values())}, 'weight_map': where}, f, indent=2)

    dtypes = all_dtypes()
    save_safetensors(at('dtypes.safetensors'), dtypes)
    shared = torch.arange(12.0).reshape(3, 4)
    more = {'transposed': shared.t(), 'row': shared[1], 'whole': shared, 'expanded': torch.tensor([7.0]).expand(2, 3)}
    torch.save({**dtypes, **more}, at('dtypes.pt'))
    expected['dtypes'] = {k: described(v) for k, v in dtypes.items()}
    expected['views'] = {k: described(v) for k, v in more.items()}

    training = {
        'model': state,
        'optimizer': optimizer.state_dict(),
        'scheduler': {k: v for k, v in scheduler.state_dict().items() if k != '_get_lr_called_within_step'},
        'epoch': 3, 'big': 2**40, 'best': -0.25, 'name': 'übung', 'done': False, 'nothing': None,
        'size': torch.Size([2, 3]), 'dtype': torch.float32, 'history': [1.5, (2, 'x')], 'parameter': nn.Parameter(torch.ones(2)),
    }
    for protocol in (2, 4, 5):
        torch.save(training, at('training-%d.pt' % protocol), pickle_protocol=protocol)
    torch.save(model, at('module.pt'))
    torch.save(state, at('legacy.pt'), _use_new_zipfile_serialization=False)

    arrays = {}
    for order in '<>':
        label = 'little' if order == '<' else 'big'
        for code in ('f2', 'f4', 'f8'):
            arrays['%s-%s' % (code, label)] = floats(torch.float64).numpy().astype(order + code)
        for code in ('i1', 'i2', 'i4', 'u1', 'u2', 'u4'):
            info = np.iinfo(code)
            arrays['%s-%s' % (code, label)] = np.array([[info.min, info.max, 0], [1, 2, 3]], dtype=order + code)
        arrays['i8-%s' % label] = np.array([2**53 - 1, -(2**53 - 1), 0, -1, 2**32, -(2**32) - 1], dtype=order + 'i8')
        arrays['u8-%s' % label] = np.array([2**53 - 1, 0, 2**32], dtype=order + 'u8')
    arrays['bool'] = np.array([[True, False], [False, True]])
    arrays['scalar'] = np.array(1.5)
    arrays['none'] = np.zeros((0, 3), dtype=np.float32)
    arrays['fortran'] = np.asfortranarray(np.arange(24, dtype='<i4').reshape(2, 3, 4))
    arrays['fortran-big'] = np.asfortranarray(np.arange(6, dtype='>f8').reshape(2, 3))
    arrays['übung'] = np.arange(3.0)
    np.savez(at('arrays.npz'), **arrays)
    np.savez_compressed(at('arrays-deflated.npz'), **arrays)
    expected['arrays'] = {k: described(v) for k, v in arrays.items()}
    for version in ((1, 0), (2, 0), (3, 0)):
        with open(at('version-%d.npy' % version[0]), 'wb') as f:
            np.lib.format.write_array(f, np.arange(6, dtype=np.float32).reshape(2, 3), version=version)
    np.save(at('objects.npy'), np.array([{}, None], dtype=object), allow_pickle=True)
    np.save(at('fields.npy'), np.zeros(2, dtype=[('a', 'f4'), ('b', 'i4')]))
    np.save(at('complex.npy'), np.zeros(2, dtype=np.complex64))

    with open(at('expected.json'), 'w') as f:
        json.dump(expected, f, separators=(',', ':'), ensure_ascii=False)


if __name__ == '__main__':
    main()
