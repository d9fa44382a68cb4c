#!/usr/bin/python3
"""Records functions of torch.nn.functional that draw numbers, given what was drawn, and functions that PyTorch's modules have.

    /usr/bin/python3 packages/testing/scripts/record-functional.py --out packages/testing/fixtures/functional.json

- dropout: both values that each element takes in many calls, kept and dropped, and both values of its gradient;
- gumbelSoftmax: the exponentially distributed numbers that the call drew;
- fractionalMaxPool: the samples, handed over;
- rotary: a product of complex numbers, or of two-by-two rotations, written out here;
- adaptiveLogSoftmax: log_prob and predict of the module.

Needs PyTorch 1.13.
"""
import argparse
import json

import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def values(t):
    return {'shape': list(t.shape), 'dtype': str(t.dtype)[6:], 'data': t.detach().reshape(-1).tolist()}


def dropout(name, p, shape):
    x = torch.randn(*shape, requires_grad=True)
    kept, dropped = [None] * x.numel(), None
    for _ in range(100):
        x.grad = None
        y = getattr(F, name)(x, p, True)
        y.sum().backward()
        for i, (value, slope) in enumerate(zip(y.detach().reshape(-1).tolist(), x.grad.reshape(-1).tolist())):
            if slope == 0:
                dropped = value
            else:
                kept[i] = value
                scale = slope
    return {'op': name, 'p': p, 'x': values(x), 'kept': kept, 'dropped': dropped, 'scale': scale}


def gumbel(shape, **options):
    logits = torch.randn(*shape, requires_grad=True)
    state = torch.get_rng_state()
    times = torch.empty_like(logits).exponential_()
    torch.set_rng_state(state)
    y = F.gumbel_softmax(logits, **options)
    seed = torch.randn_like(y)
    y.backward(seed)
    return {'options': options, 'logits': values(logits), 'times': values(times), 'out': values(y), 'seed': values(seed), 'grad': values(logits.grad)}


def fractional(shape, kernel, samples=None, dtype=torch.float64, ties=False, **size):
    spatial = 2 if not isinstance(kernel, tuple) or len(kernel) == 2 else 3
    x = torch.randn(*shape, dtype=dtype)
    if ties:
        x = x.mul(2).round()
    x.requires_grad_()
    batch = shape if len(shape) == spatial + 2 else (1, *shape)
    drawn = torch.rand(batch[0], batch[1], spatial, dtype=dtype) if samples is None else torch.tensor(samples, dtype=dtype)
    y, at = getattr(F, 'fractional_max_pool%dd' % spatial)(x, kernel, return_indices=True, _random_samples=drawn, **size)
    seed = torch.randn_like(y)
    y.backward(seed)
    return {
        'spatial': spatial, 'kernel': kernel, 'size': size, 'x': values(x), 'samples': values(drawn),
        'out': values(y), 'indices': values(at), 'seed': values(seed), 'grad': values(x.grad),
    }


def rounded_otherwise(kernel):
    """A size, a number of windows and a sample for which windows lie elsewhere in float32 than in float64."""
    single = lambda x: torch.tensor(x, dtype=torch.float32)
    for size in range(20, 80):
        for windows in range(5, size - kernel):
            narrow, wide = single(size - kernel) / single(windows - 1), (size - kernel) / (windows - 1)
            for u in [0.0, 0.25, 0.5, 0.75]:
                for i in range(windows - 1):
                    if int((i + single(u)) * narrow) - int(single(u) * narrow) != int((i + u) * wide) - int(u * wide):
                        return size, windows, u
    raise ValueError('none found')


def rotary(shape, offset=0, base=10000, interleaved=True):
    x = torch.randn(*shape, requires_grad=True)
    length, dim = shape[-2:]
    angle = torch.outer(torch.arange(offset, offset + length) * 1.0, 1.0 / torch.tensor(float(base)) ** (torch.arange(0, dim, 2) / dim))
    if interleaved:
        pairs = torch.view_as_complex(x.reshape(*shape[:-1], dim // 2, 2))
        y = torch.view_as_real(pairs * torch.polar(torch.ones_like(angle), angle)).flatten(-2)
    else:
        first, second = x.chunk(2, -1)
        y = torch.cat([first, second], -1) * torch.cat([angle, angle], -1).cos() + torch.cat([-second, first], -1) * torch.cat([angle, angle], -1).sin()
    seed = torch.randn_like(y)
    y.backward(seed)
    return {
        'options': dict(offset=offset, base=base, interleaved=interleaved),
        'x': values(x), 'out': values(y), 'seed': values(seed), 'grad': values(x.grad),
    }


def adaptive(rows, args, **kwargs):
    m = nn.AdaptiveLogSoftmaxWithLoss(*args, **kwargs)
    with torch.no_grad():
        for p in m.parameters():
            p.copy_(torch.randn_like(p))
    x = torch.randn(rows, args[0], requires_grad=True)
    y = m.log_prob(x)
    seed = torch.randn_like(y)
    y.backward(seed)
    return {
        'args': args, 'kwargs': kwargs, 'state': {k: values(v) for k, v in m.state_dict().items()}, 'x': values(x),
        'logProb': values(y), 'seed': values(seed), 'grad': values(x.grad), 'predict': values(m.predict(x)), 'text': str(m),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--out', required=True)
    torch.manual_seed(0)
    wide, windows, u = rounded_otherwise(2)
    shapes = {'dropout1d': (5, 4, 2), 'dropout2d': (5, 4, 2, 2), 'dropout3d': (5, 4, 2, 1, 2), 'alpha_dropout': (20,), 'feature_alpha_dropout': (5, 4, 2)}
    recorded = {
        'torch': torch.__version__,
        'dropout': [dropout(name, p, shape) for name, shape in shapes.items() for p in [0.5, 0.2]],
        'gumbelSoftmax': [
            gumbel((3, 4)),
            gumbel((3, 4), tau=0.5, hard=True),
            gumbel((2, 5, 3), tau=2.0, dim=1),
            gumbel((2, 5, 3), tau=3.0, dim=-2, hard=True),
        ],
        'fractionalMaxPool': [
            fractional((2, 3, 7, 9), (2, 3), output_size=(4, 5)),
            fractional((2, 7, 6), 2, output_size=3),
            fractional((1, 2, 9, 9), 3, output_ratio=(0.5, 0.34)),
            fractional((1, 2, 6, 7), 2, output_size=(5, 1), ties=True),
            fractional((2, 2, 5, 6, 7), (2, 1, 3), output_size=(3, 4, 2)),
            fractional((1, 6, 5, 7), (2, 2, 2), output_ratio=0.5),
            fractional((1, 1, 1, wide), (1, 2), [[[u, 0.5]]], torch.float32, output_size=(1, windows)),
            fractional((1, 1, 2, 2, wide), (1, 1, 2), [[[0.5, 0.5, u]]], torch.float32, output_size=(1, 1, windows)),
        ],
        'rotary': [
            rotary((2, 3, 4, 6)),
            rotary((5, 8), offset=7, base=100),
            rotary((2, 5, 8), offset=3, interleaved=False),
        ],
        'adaptiveLogSoftmax': [adaptive(6, (6, 9, [2, 5]), div_value=2.0, head_bias=True), adaptive(4, (5, 7, [3]))],
    }
    with open(parser.parse_args().out, 'w') as f:
        json.dump(recorded, f, separators=(',', ':'))
        f.write('\n')


if __name__ == '__main__':
    main()
