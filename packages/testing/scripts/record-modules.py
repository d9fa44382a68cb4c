#!/usr/bin/python3
"""Records what those modules of PyTorch compute that the cases under fixtures/pytorch leave out, in float64.

    /usr/bin/python3 packages/testing/scripts/record-modules.py packages/testing/fixtures/pytorch-modules

Writes the family modules in the format of fixtures/pytorch/FORMAT.md. A module among the arguments of another one is
written as {"$module": {"module", "args", "kwargs"}}. Needs PyTorch 1.13.
"""
import json
import os
import random
import sys
import warnings

import numpy as np
import torch
from torch import nn

from golden import Family, number

warnings.filterwarnings('ignore')
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def R(*shape):
    """Normal numbers that require gradients."""
    return torch.randn(*shape, requires_grad=True)


def U(*shape):
    """Numbers between 0 and 1 that do."""
    return torch.rand(*shape).clamp(0.05, 0.95).requires_grad_()


def P(*shape):
    """Positive numbers."""
    return torch.rand(*shape) + 0.1


def I(high, *shape):
    return torch.randint(0, high, shape)


def S(*shape):
    """Signs."""
    return torch.randint(0, 2, shape).mul(2).sub(1).double()


class Sub:
    """A module among the arguments of another one."""

    def __init__(self, module, *args, **kwargs):
        self.spec = {'module': module, 'args': list(args), 'kwargs': kwargs}


ENCODER = Sub('TransformerEncoderLayer', 6, 2, dim_feedforward=8, dropout=0.0)
DECODER = Sub('TransformerDecoderLayer', 6, 2, dim_feedforward=8, dropout=0.0, activation='gelu')
CAUSAL = torch.triu(torch.ones(4, 4), 1).bool()
SMALL = dict(d_model=6, nhead=2, num_encoder_layers=2, num_decoder_layers=2, dim_feedforward=8, dropout=0.0)


def pooled(kind, x, **kwargs):
    """What a pooling with indices gives, and the indices."""
    y, indices = getattr(nn, kind)(2, 2, return_indices=True)(x)
    return [y.detach().requires_grad_(), indices]


# Module, arguments, options, and the inputs of each step (a list of lists), or a function that makes them; 'eval' in front
# of the inputs of a step for evaluation.
def cases():
    x1, x2, x3 = lambda: R(2, 4, 7), lambda: R(2, 4, 6, 5), lambda: R(1, 4, 4, 3, 5)
    for kwargs in [{}, dict(stride=2, padding=1, output_padding=1), dict(groups=2, bias=False, dilation=2)]:
        yield 'ConvTranspose1d', (4, 6, 3), kwargs, [[x1()]]
        yield 'ConvTranspose3d', (4, 2, 3), kwargs, [[x3()]]
    yield 'ConvTranspose1d', (4, 2, 3), dict(stride=2), [[x1(), [16]]]
    yield 'Conv3d', (4, 2, (2, 3, 1)), dict(padding='same', padding_mode='circular'), [[x3()]]
    yield 'Conv1d', (4, 6, 3), dict(padding=2, padding_mode='reflect', groups=2, dilation=2), [[x1()]]
    yield 'BatchNorm3d', (4,), {}, [[x3()], [x3()], ['eval', x3()]]
    yield 'BatchNorm3d', (4,), dict(momentum=None, affine=False), [[x3()], [x3()], ['eval', x3()]]
    yield 'BatchNorm1d', (4,), dict(track_running_stats=False, eps=0.1), [[R(5, 4)], ['eval', R(5, 4)]]
    yield 'InstanceNorm3d', (4,), dict(affine=True, track_running_stats=True), [[x3()], ['eval', x3()]]
    yield 'InstanceNorm1d', (4,), {}, [[R(4, 7)]]
    yield 'LayerNorm', ([3, 4],), dict(eps=0.1), [[R(2, 3, 4)]]
    yield 'GroupNorm', (2, 4), dict(affine=False), [[x2()]]
    for size, kwargs in [(3, {}), (4, dict(alpha=0.1, beta=0.5, k=2.0))]:
        yield 'LocalResponseNorm', (size,), kwargs, [[x2()]]
    for name in 'ReLU ReLU6 SELU SiLU Mish Hardswish Hardsigmoid'.split():
        yield name, (), {}, [[R(3, 5)]]
        yield name, (), {}, [[R(4).detach().mul(3).requires_grad_()]]
    for name in 'Tanh Sigmoid LogSigmoid Softsign Tanhshrink Softmax2d Identity Flatten'.split():
        yield name, (), {}, [[R(2, 3, 4, 2)]]
    for name, options in [
        ('LeakyReLU', [{}, dict(negative_slope=0.3)]),
        ('ELU', [{}, dict(alpha=0.5)]),
        ('CELU', [{}, dict(alpha=0.5)]),
        ('Hardtanh', [{}, dict(min_val=-0.5, max_val=0.25)]),
        ('Hardshrink', [{}, dict(lambd=0.25)]),
        ('Softshrink', [{}, dict(lambd=0.25)]),
        ('Softplus', [{}, dict(beta=2.0, threshold=1.0)]),
        ('GELU', [{}, dict(approximate='tanh')]),
        ('GLU', [{}, dict(dim=0)]),
        ('Softmax', [dict(dim=1), dict(dim=0)]),
        ('Softmin', [dict(dim=1)]),
        ('LogSoftmax', [dict(dim=0)]),
        ('PReLU', [{}, dict(num_parameters=6, init=0.5)]),
    ]:
        for kwargs in options:
            yield name, (), kwargs, [[R(4, 6)]]
    yield 'Threshold', (0.1, 20.0), {}, [[R(4, 6)]]
    yield 'RReLU', (0.1, 0.4), {}, [['eval', R(4, 6)]]
    for p in ['Dropout', 'Dropout1d', 'Dropout2d', 'Dropout3d', 'AlphaDropout', 'FeatureAlphaDropout']:
        x = {'Dropout1d': x1, 'Dropout3d': x3}.get(p, x2)
        yield p, (0.5,), {}, [['eval', x()]]
        yield p, (0.0,), {}, [[x()]]
    yield 'Flatten', (0, 2), {}, [[x2()]]
    yield 'Unflatten', (1, (2, 2)), {}, [[x2()]]
    for n, x in [(1, x1), (2, x2), (3, x3)]:
        yield 'MaxPool%dd' % n, (3,), dict(stride=2, padding=1, dilation=1), [[x()]]
        yield 'MaxPool%dd' % n, (2,), dict(stride=1, dilation=2, ceil_mode=True, return_indices=True), [[x()]]
        yield 'AvgPool%dd' % n, (3,), dict(stride=2, padding=1, ceil_mode=True, count_include_pad=False), [[x()]]
        yield 'AdaptiveAvgPool%dd' % n, (3,), {}, [[x()]]
        yield 'AdaptiveMaxPool%dd' % n, (2,), dict(return_indices=True), [[x()]]
        yield 'MaxUnpool%dd' % n, (2,), dict(stride=2), [pooled('MaxPool%dd' % n, torch.randn((2, 4, 6, 4, 2)[: n + 2]))]
        yield 'ConstantPad%dd' % n, ((1, 0, 2, 1, 0, 2)[: 2 * n], 1.5), {}, [[x()]]
        yield 'ReflectionPad%dd' % n, (tuple([1, 2] * n),), {}, [[x()]]
        yield 'ReplicationPad%dd' % n, (tuple([2, 1] * n),), {}, [[x()]]
    yield 'MaxUnpool2d', (2,), dict(stride=2), [[*pooled('MaxPool2d', x2()), [6, 5]]]
    yield 'ZeroPad2d', ((1, 0, 2, 3),), {}, [[x2()]]
    yield 'AvgPool2d', (2,), dict(divisor_override=3), [[x2()]]
    yield 'AvgPool3d', ((1, 2, 3),), dict(divisor_override=5), [[x3()]]
    yield 'AdaptiveAvgPool2d', ((None, 2),), {}, [[x2()]]
    yield 'AdaptiveMaxPool3d', ((2, None, 1),), {}, [[x3()]]
    yield 'LPPool1d', (2, 3), dict(stride=2), [[U(2, 4, 7)]]
    yield 'LPPool2d', (3, (2, 3)), dict(ceil_mode=True), [[U(2, 4, 6, 5)]]
    yield 'Upsample', (), dict(scale_factor=2, mode='bilinear', align_corners=True), [[x2()]]
    yield 'Upsample', (), dict(size=(4, 9), mode='bicubic'), [[x2()]]
    yield 'Upsample', (), dict(scale_factor=1.5, mode='trilinear'), [[x3()]]
    yield 'Upsample', (), dict(size=11, mode='linear'), [[x1()]]
    yield 'Upsample', (), dict(size=11), [[x1()]]
    yield 'UpsamplingNearest2d', (), dict(scale_factor=2), [[x2()]]
    yield 'UpsamplingBilinear2d', (), dict(size=(9, 4)), [[x2()]]
    yield 'PixelShuffle', (2,), {}, [[x2()]]
    yield 'PixelUnshuffle', (2,), {}, [[R(2, 3, 4, 6)]]
    yield 'ChannelShuffle', (2,), {}, [[x2().detach()]]
    yield 'Unfold', ((2, 3),), dict(dilation=(1, 2), padding=1, stride=(2, 1)), [[x2()]]
    yield 'Fold', ((4, 5), (2, 3)), dict(padding=1, stride=(2, 1)), [[R(2, 12, 15)]]
    yield 'Bilinear', (3, 4, 5), {}, [[R(2, 6, 3), R(2, 6, 4)]]
    yield 'Bilinear', (3, 4, 5), dict(bias=False), [[R(2, 3), R(2, 4)]]
    yield 'CosineSimilarity', (), dict(dim=0, eps=0.1), [[R(4, 3), R(4, 3)]]
    yield 'PairwiseDistance', (), dict(p=1.5, eps=0.01, keepdim=True), [[R(4, 3), R(4, 3)]]
    yield 'Embedding', (5, 3), dict(padding_idx=1, scale_grad_by_freq=True), [[I(5, 2, 4)]]
    yield 'EmbeddingBag', (5, 3), dict(mode='max', include_last_offset=True), [[I(5, 6), torch.tensor([0, 2, 4, 6])]]
    yield 'EmbeddingBag', (5, 3), dict(mode='sum', padding_idx=2), [[I(5, 3, 4), None, R(3, 4)]]
    yield 'LSTM', (3, 4), dict(num_layers=2, proj_size=2, bidirectional=True), [[R(5, 2, 3)]]
    yield 'LSTM', (3, 4), dict(proj_size=3, batch_first=True, bias=False), [[R(2, 5, 3), [R(1, 2, 3), R(1, 2, 4)]]]
    yield 'GRU', (3, 4), dict(num_layers=2, bidirectional=True), [[R(5, 3), R(4, 4)]]
    yield 'MultiheadAttention', (6, 3), dict(kdim=4, vdim=5, bias=False), [[R(3, 2, 6), R(4, 2, 4), R(4, 2, 5)]]
    yield 'MultiheadAttention', (6, 2), dict(add_bias_kv=True, add_zero_attn=True, batch_first=True), [[R(2, 3, 6), R(2, 4, 6), R(2, 4, 6)]]
    yield 'TransformerEncoder', (ENCODER, 2), {}, [[R(4, 2, 6), dict(mask=CAUSAL)]]
    yield 'TransformerEncoder', (ENCODER, 1), dict(norm=Sub('LayerNorm', 6)), [[R(4, 2, 6), dict(src_key_padding_mask=torch.tensor([[False] * 4, [False, False, True, True]]))]]
    yield 'TransformerDecoder', (DECODER, 2), dict(norm=Sub('LayerNorm', 6)), [[R(4, 2, 6), R(3, 2, 6), dict(tgt_mask=CAUSAL)]]
    yield 'Transformer', (), dict(SMALL), [[R(5, 2, 6), R(4, 2, 6), dict(tgt_mask=CAUSAL)]]
    yield 'Transformer', (), dict(SMALL, batch_first=True, norm_first=True, activation='gelu'), [[R(2, 5, 6), R(2, 4, 6)]]
    for reduction in ['mean', 'sum', 'none']:
        r = dict(reduction=reduction)
        a, b = R(4, 3), torch.randn(4, 3)
        for name in ['MSELoss', 'L1Loss', 'SmoothL1Loss', 'HuberLoss']:
            yield name, (), r, [[a, b]]
        yield 'SmoothL1Loss', (), dict(r, beta=0.3), [[a, b]]
        yield 'HuberLoss', (), dict(r, delta=0.3), [[a, b]]
        yield 'SoftMarginLoss', (), r, [[a, S(4, 3)]]
        yield 'BCELoss', (), dict(r, weight=P(3)), [[U(4, 3), U(4, 3).detach()]]
        yield 'BCEWithLogitsLoss', (), dict(r, pos_weight=P(3), weight=P(4, 1)), [[a, U(4, 3).detach()]]
        yield 'NLLLoss', (), dict(r, weight=P(3), ignore_index=1), [[R(5, 3), I(3, 5)], [R(2, 3, 4), I(3, 2, 4)]]
        yield 'CrossEntropyLoss', (), dict(r, weight=P(3), label_smoothing=0.2), [[R(2, 3, 4), I(3, 2, 4)], [a, U(4, 3)]]
        yield 'KLDivLoss', (), r, [[a, U(4, 3).detach()]]
        yield 'KLDivLoss', (), dict(r, log_target=True), [[a, b]]
        yield 'PoissonNLLLoss', (), dict(r, log_input=False, full=True), [[U(4, 3), torch.tensor([0.0, 1.0, 4.0]).expand(4, 3).clone()]]
        yield 'PoissonNLLLoss', (), r, [[a, P(4, 3)]]
        yield 'GaussianNLLLoss', (), dict(r, full=True), [[a, b, U(4, 3)]]
        yield 'HingeEmbeddingLoss', (), dict(r, margin=0.5), [[a, S(4, 3)]]
        yield 'MarginRankingLoss', (), dict(r, margin=0.5), [[R(4), R(4), S(4)]]
        yield 'CosineEmbeddingLoss', (), dict(r, margin=0.2), [[R(4, 3), R(4, 3), S(4)]]
        yield 'MultiLabelMarginLoss', (), r, [[R(2, 4), torch.tensor([[3, 0, -1, 1], [2, -1, 0, 0]])]]
        yield 'MultiLabelSoftMarginLoss', (), dict(r, weight=P(3)), [[a, I(2, 4, 3).double()]]
        yield 'MultiMarginLoss', (), dict(r, p=2, margin=0.5, weight=P(3)), [[a, I(3, 4)]]
        yield 'TripletMarginLoss', (), dict(r, margin=0.5, p=2.5, swap=True), [[R(4, 3), R(4, 3), R(4, 3)]]
        yield 'TripletMarginWithDistanceLoss', (), dict(r, margin=0.5, swap=True), [[R(4, 3), R(4, 3), R(4, 3)]]
        yield 'CTCLoss', (), dict(r, zero_infinity=True), [[R(6, 2, 4).detach().log_softmax(-1), torch.tensor([[1, 2, 2], [3, 1, 0]]), torch.tensor([6, 5]), torch.tensor([3, 2])]]
    targets = torch.tensor([0, 4, 1, 8, 5, 2])
    yield 'AdaptiveLogSoftmaxWithLoss', (6, 9, [2, 5]), dict(div_value=2.0, head_bias=True), [[R(6, 6), targets], [R(6), torch.tensor(7)]]
    # A cluster that holds no target, one target alone in its cluster, and a cluster with no features.
    yield 'AdaptiveLogSoftmaxWithLoss', (4, 9, [2, 5, 7]), {}, [[R(6, 4), torch.tensor([0, 2, 0, 4, 8, 1])], [R(2, 4), torch.tensor([1, 0])]]


def build(module, args, kwargs):
    args = [build(**a.spec) if isinstance(a, Sub) else a for a in args]
    kwargs = {k: build(**v.spec) if isinstance(v, Sub) else v for k, v in kwargs.items()}
    return getattr(nn, module)(*args, **kwargs)


def flat(out):
    """Tensors of an output, depth first."""
    if not isinstance(out, (torch.Tensor, list, tuple)):
        return []
    return [out] if isinstance(out, torch.Tensor) else [t for part in out for t in flat(part)]


def record(family, index, module, args, kwargs, steps):
    torch.manual_seed(1000 + index)
    key = 'k%d' % index

    def value(v, name):
        """A value of the manifest; tensors are put away."""
        if isinstance(v, torch.Tensor):
            ref = family.put('%s.%s' % (key, name), v)
            return dict(ref, rg=True) if v.requires_grad else ref
        if isinstance(v, Sub):
            return {'$module': value(v.spec, name)}
        if isinstance(v, dict):
            return {k: value(w, '%s.%s' % (name, k)) for k, w in v.items()}
        if isinstance(v, (list, tuple)):
            return [value(w, '%s.%d' % (name, i)) for i, w in enumerate(v)]
        return number(v)

    m = build(module, args, kwargs)
    # Biases and the weights of norms begin as constants, which would hide mistakes.
    with torch.no_grad():
        for p in m.parameters():
            p.copy_(torch.randn_like(p) * 0.5)
    case = {'id': 'modules/%s/f64/%d' % (module, index), 'module': module, 'dtype': 'f64'}
    case['init'] = {'args': value(list(args), 'a'), 'kwargs': value(kwargs, 'a')}
    case['state'] = {k: value(v.detach(), 's.' + k) for k, v in m.state_dict().items()}
    case['steps'] = []
    for i, inputs in enumerate(steps):
        training = inputs[0] != 'eval' if isinstance(inputs[0], str) else True
        inputs = inputs if training else inputs[1:]
        named = inputs[-1] if isinstance(inputs[-1], dict) else {}
        inputs = inputs[:-1] if named else inputs
        m.train(training)
        m.zero_grad()
        for t in flat(inputs):
            t.grad = None
        before = {k: v.clone() for k, v in m.state_dict().items()}
        out = m(*inputs, **named)
        outputs = flat(out)
        seeds = [torch.randn_like(t) if t.requires_grad else None for t in outputs]
        total = sum((t * g).sum() for t, g in zip(outputs, seeds) if g is not None)
        if isinstance(total, torch.Tensor):
            total.backward()
        at = '%d' % i
        step = {'mode': 'train' if training else 'eval', 'inputs': value(inputs, at + '.i'), 'kwargs': value(named, at + '.i')}
        step['out'] = value(detached(out), at + '.o')
        step['grad_out'] = value(seeds, at + '.v')
        step['input_grads'] = [dict(value(t.grad, '%s.g.%s' % (at, path)), path=path) for path, t in leaves(inputs, 'inputs') if t.requires_grad]
        step['param_grads'] = {k: None if p.grad is None else value(p.grad, '%s.w.%s' % (at, k)) for k, p in m.named_parameters()}
        after = m.state_dict()
        changes = {k: value(v, '%s.c.%s' % (at, k)) for k, v in after.items() if not torch.equal(v, before[k])}
        if changes:
            step['state_changes'] = changes
        case['steps'].append(step)
    family.cases.append(case)


def detached(out):
    if isinstance(out, torch.Tensor):
        return out.detach()
    return None if out is None else [detached(t) for t in out]


def leaves(v, path):
    if isinstance(v, torch.Tensor):
        yield path, v
    elif isinstance(v, (list, tuple)):
        for i, w in enumerate(v):
            yield from leaves(w, '%s.%d' % (path, i))


def main():
    directory = sys.argv[1]
    os.makedirs(directory, exist_ok=True)
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)
    family = Family('modules')
    for index, case in enumerate(list(cases())):
        record(family, index, *case)
    family.write(directory)
    with open(os.path.join(directory, 'index.json'), 'w') as f:
        families = [{'family': 'modules', 'cases': len(family.cases)}]
        json.dump({'format': 'golden-1', 'torch': torch.__version__, 'families': families}, f, indent=1)


if __name__ == '__main__':
    main()
