#!/usr/bin/python3
"""Records modules of PyTorch whose weight is computed from others: weight norm, spectral norm and orthogonal matrices.

    /usr/bin/python3 packages/testing/scripts/record-parametrizations.py --out packages/testing/fixtures/parametrizations.json

In float64. Each case has the weight before, what the parametrization makes of it at first, a state that is drawn, and
calls with gradients and the state after each. Weight norm is that of torch.nn.utils.weight_norm, with the keys that
torch.nn.utils.parametrizations.weight_norm of later versions has. Needs PyTorch 1.13.
"""
import argparse
import json

import torch
from torch import nn
from torch.nn.utils import parametrizations, weight_norm

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

WEIGHT_NORM_KEYS = {'_g': '.original0', '_v': '.original1'}

# The parametrization and its options, the module, its arguments and options, the shape of the inputs of a call.
CASES = [
    ('weightNorm', {}, 'Linear', (3, 4), {}, [(2, 3)]),
    ('weightNorm', dict(dim=1), 'Linear', (3, 4), dict(bias=False), [(2, 3)]),
    ('weightNorm', dict(dim=None), 'Linear', (3, 4), {}, [(2, 3)]),
    ('weightNorm', {}, 'Conv2d', (2, 3, 2), {}, [(2, 2, 3, 3)]),
    ('weightNorm', dict(dim=1), 'ConvTranspose1d', (2, 3, 2), {}, [(2, 2, 3)]),
    ('weightNorm', dict(name='bias'), 'Linear', (3, 4), {}, [(2, 3)]),
    ('spectralNorm', {}, 'Linear', (3, 4), {}, [(2, 3)]),
    ('spectralNorm', dict(n_power_iterations=3, eps=1e-3), 'Linear', (4, 3), dict(bias=False), [(2, 4)]),
    ('spectralNorm', {}, 'Conv2d', (2, 3, 2), {}, [(2, 2, 3, 3)]),
    ('spectralNorm', dict(dim=1), 'Conv1d', (2, 3, 2), {}, [(2, 2, 4)]),
    ('spectralNorm', {}, 'ConvTranspose2d', (2, 3, 2), {}, [(1, 2, 2, 3)]),
    ('spectralNorm', dict(name='bias'), 'Linear', (3, 4), {}, [(2, 3)]),
    *[
        ('orthogonal', dict(named, **trivialization), module, args, {}, inputs)
        for trivialization in [{}, dict(use_trivialization=False)]
        for module, args, inputs, default in [
            ('Linear', (4, 4), [(2, 4)], 'matrix_exp'),
            ('Linear', (3, 5), [(2, 3)], 'householder'),
            ('Linear', (5, 3), [(2, 5)], 'householder'),
            ('Bilinear', (3, 4, 2), [(2, 3), (2, 4)], 'householder'),
        ]
        for orthogonal_map in ['matrix_exp', 'cayley', 'householder']
        for named in [{} if orthogonal_map == default else dict(orthogonal_map=orthogonal_map)]
    ],
]
FUNCTIONS = {'weightNorm': weight_norm, 'spectralNorm': parametrizations.spectral_norm, 'orthogonal': parametrizations.orthogonal}


def values(t):
    return {'shape': list(t.shape), 'data': t.detach().reshape(-1).tolist()}


def key_of(kind, name, key):
    """The key that a tensor has where weight norm is a parametrization."""
    if kind != 'weightNorm' or not key.startswith(name + '_'):
        return key
    return 'parametrizations.' + name + WEIGHT_NORM_KEYS[key[len(name) :]]


def record(kind, options, module, args, kwargs, inputs):
    name = options.get('name', 'weight')
    m = getattr(nn, module)(*args, **kwargs)
    case = {'kind': kind, 'options': options, 'module': module, 'args': args, 'kwargs': kwargs, 'before': values(getattr(m, name))}
    FUNCTIONS[kind](m, **options)
    keyed = lambda named: {key_of(kind, name, k): values(v) for k, v in named}
    if kind != 'spectralNorm':
        case['first'] = values(getattr(m, name))
    with torch.no_grad():
        for k, p in m.named_parameters():
            drawn = torch.randn_like(p) * 0.5
            if kind == 'orthogonal' and k.endswith('original'):
                # The diagonal has the signs of reflections; in the other maps it cancels.
                drawn.diagonal(dim1=-2, dim2=-1).copy_(torch.randint(0, 2, p.diagonal(dim1=-2, dim2=-1).shape) * 2.0 - 1.0)
            p.copy_(drawn)
    case['state'] = keyed(m.state_dict().items())
    case['calls'] = []
    # Only spectral norm has a state that calls change.
    for training in [True, True, False] if kind == 'spectralNorm' else [True]:
        m.train(training).zero_grad()
        x = [torch.randn(*shape, requires_grad=True) for shape in inputs]
        y = m(*x)
        seed = torch.randn_like(y)
        y.backward(seed)
        case['calls'].append({
            'training': training,
            'inputs': [values(t) for t in x],
            'out': values(y),
            'seed': values(seed),
            'inputGrads': [values(t.grad) for t in x],
            'grads': keyed((k, p.grad) for k, p in m.named_parameters()),
            'state': keyed(m.named_buffers()),
        })
    return case


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--out', required=True)
    torch.manual_seed(0)
    lines = ',\n'.join(json.dumps(record(*case), separators=(',', ':')) for case in CASES)
    with open(parser.parse_args().out, 'w') as f:
        f.write('[\n' + lines + '\n]\n')


if __name__ == '__main__':
    main()
