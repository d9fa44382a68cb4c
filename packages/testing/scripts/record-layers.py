#!/usr/bin/python3
"""Records what PyTorch's layers compute where the cases under fixtures/pytorch do not reach: bidirectional and stacked
recurrent networks, padding modes of convolutions, the cumulative average of batch norm, and how modules print.

    /usr/bin/python3 packages/testing/scripts/record-layers.py --out packages/testing/fixtures/layers.json
"""
import argparse
import json

import torch
from torch import nn

RNNS = [
    (dict(num_layers=2, bidirectional=True), (5, 3, 4), (4, 3, 6)),
    (dict(bidirectional=True, batch_first=True, nonlinearity='relu'), (3, 5, 4), None),
    (dict(num_layers=2, bidirectional=True, bias=False), (5, 4), (4, 6)),
]
CONVS = [
    (3, dict(padding=2, padding_mode='reflect'), (2, 4, 7, 6)),
    (3, dict(padding=(1, 2), padding_mode='circular', stride=2), (2, 4, 7, 6)),
    ((3, 2), dict(padding='same', dilation=2), (2, 4, 7, 6)),
    ((3, 2), dict(padding='same', padding_mode='replicate'), (4, 7, 6)),
    (3, dict(padding='valid', padding_mode='reflect', groups=2, bias=False), (2, 4, 7, 6)),
    (3, dict(stride=(2, 1), dilation=(1, 2), padding=(0, 3), groups=4), (2, 4, 7, 6)),
]
PRINTED = [
    ('Linear', (3, 4), {}),
    ('Linear', (3, 4), dict(bias=False)),
    ('BatchNorm1d', (3,), {}),
    ('BatchNorm2d', (3,), dict(momentum=None)),
    ('BatchNorm2d', (3,), dict(eps=1e-3, affine=False, track_running_stats=False)),
    ('LayerNorm', ([4, 5],), {}),
    ('LayerNorm', (4,), dict(eps=1e-6, elementwise_affine=False)),
    ('MaxPool2d', (2,), {}),
    ('MaxPool2d', ((2, 3),), dict(stride=1, padding=(1, 0), ceil_mode=True)),
    ('AvgPool2d', (3,), dict(stride=2, padding=1)),
    ('AvgPool2d', ((2, 3),), {}),
    ('AdaptiveAvgPool2d', ((None, 2),), {}),
    ('AdaptiveAvgPool2d', (1,), {}),
    ('Conv2d', (4, 8, 3), {}),
    ('Dropout', (0.25,), {}),
    ('Flatten', (), {}),
    ('GELU', (), dict(approximate='tanh')),
    ('LeakyReLU', (), dict(negative_slope=0.2)),
    ('ELU', (), {}),
    ('Softplus', (), {}),
    ('Softmax', (1,), {}),
    ('LogSoftmax', (-1,), {}),
    ('RNN', (3, 4), dict(num_layers=2, batch_first=True, dropout=0.5)),
    *[(name, (), {}) for name in 'ReLU Mish SiLU SELU Tanh Sigmoid LogSigmoid Identity CrossEntropyLoss MSELoss'.split()],
]


def values(t):
    return {'shape': list(t.shape), 'data': t.detach().double().reshape(-1).tolist()}


def state(m):
    return {k: values(v) for k, v in m.state_dict().items()}


def record(m, module, args, kwargs, x, h=None):
    m = m.double()
    x = torch.randn(*x).double().requires_grad_()
    h = None if h is None else torch.randn(*h).double()
    out = m(x) if h is None else m(x, h)
    outs = list(out) if isinstance(out, tuple) else [out]
    sum(o.pow(2).sum() for o in outs).backward()
    return {
        'module': module, 'args': args, 'kwargs': kwargs, 'text': repr(m), 'state': state(m),
        'inputs': [values(t) for t in ([x] if h is None else [x, h])], 'outputs': [values(o) for o in outs],
        'inputGrad': values(x.grad), 'grads': {k: values(p.grad) for k, p in m.named_parameters()},
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--out', required=True)
    out = parser.parse_args().out
    torch.manual_seed(0)
    torch.set_num_threads(1)
    layers = [record(nn.RNN(4, 6, **kw), 'RNN', [4, 6], kw, x, h) for kw, x, h in RNNS]
    layers += [record(nn.Conv2d(4, 8, k, **kw), 'Conv2d', [4, 8, k], kw, x) for k, kw, x in CONVS]
    norm = nn.BatchNorm1d(4, momentum=None).double()
    batches = [torch.randn(5, 4).double() for _ in range(3)]
    trained = [values(norm(b)) for b in batches]
    cumulative = {'batches': [values(b) for b in batches], 'outputs': trained, 'evaluated': values(norm.eval()(batches[0])), 'state': state(norm)}
    printed = [{'module': name, 'args': list(a), 'kwargs': kw, 'text': repr(getattr(nn, name)(*a, **kw))} for name, a, kw in PRINTED]
    with open(out, 'w') as f:
        json.dump({'torch': torch.__version__, 'layers': layers, 'cumulative': cumulative, 'printed': printed}, f)
        f.write('\n')


main()
