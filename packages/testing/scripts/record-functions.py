#!/usr/bin/env python3
"""Records what PyTorch answers for every named scalar function at corner points.

Writes values, first and second derivatives as JSON, one function a line; the format is described in
fixtures/README.md. Run once with Debian's python3-torch:

    /usr/bin/python3 scripts/record-functions.py --out fixtures/functions.json
"""

import argparse
import itertools
import json
import math
import os
import struct
import sys
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Sequence, Tuple

# The portable kernels call the C math library for one element at a time; the AVX ones approximate, and their results
# depend on the machine. Torch reads this when it is imported.
os.environ['ATEN_CPU_CAPABILITY'] = 'default'

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402

INF = math.inf
NAN = math.nan
# What torch answers at one point, under the names y, y32, d0, d1, dd00, dd01...
Answers = Dict[str, float]
# Long enough, and a multiple of every vector width, so that no element is left to the scalar code for remainders.
VECTOR = 64

UNARY_POINTS = [0.0, -0.0, INF, -INF, NAN] + [
    sign * x
    for x in (1e-300, 1e-8, 0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 6.0, 10.0, 20.0, 88.0, 709.0, 1000.0, 1e5)
    for sign in (1.0, -1.0)
]
BINARY_POINTS = [0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 3.0, 0.5, -0.5, 1000.0, -1000.0, INF, -INF, NAN]
TERNARY_POINTS = [0.0, -0.0, 1.0, -2.0, INF, -INF, NAN]
WEIGHT_POINTS = [0.0, 0.25, 0.5, 1.0, -1.0, INF, NAN]
ORDER_POINTS = [0.0, -1.0, 0.5, 1.0, 2.0, 2.5, 3.0, 20.0, INF, NAN]
CONDITION_POINTS = [0.0, 1.0]


@dataclass
class Function:
    """A named function: `call` takes one tensor per entry of `points`, and is recorded on their Cartesian product."""

    name: str
    call: Callable[..., torch.Tensor]
    points: Sequence[Sequence[float]]
    params: dict = field(default_factory=dict)
    # Positions of the arguments that carry no gradient whatever torch says (the condition of `where`).
    constant: Tuple[int, ...] = ()


def unary(name: str, call: Callable, **params: float) -> Function:
    return Function(name, call, [UNARY_POINTS], params)


def binary(name: str, call: Callable) -> Function:
    return Function(name, call, [BINARY_POINTS, BINARY_POINTS])


def ternary(name: str, call: Callable, **params: float) -> Function:
    return Function(name, call, [TERNARY_POINTS] * 3, params)


PLAIN_UNARY = [
    unary('neg', torch.neg),
    unary('abs', torch.abs),
    unary('sign', torch.sign),
    unary('square', torch.square),
    unary('sqrt', torch.sqrt),
    unary('rsqrt', torch.rsqrt),
    unary('reciprocal', torch.reciprocal),
    unary('exp', torch.exp),
    unary('exp2', torch.exp2),
    unary('expm1', torch.expm1),
    unary('log', torch.log),
    unary('log2', torch.log2),
    unary('log10', torch.log10),
    unary('log1p', torch.log1p),
    unary('sin', torch.sin),
    unary('cos', torch.cos),
    unary('tan', torch.tan),
    unary('asin', torch.asin),
    unary('acos', torch.acos),
    unary('atan', torch.atan),
    unary('sinh', torch.sinh),
    unary('cosh', torch.cosh),
    unary('tanh', torch.tanh),
    unary('asinh', torch.asinh),
    unary('acosh', torch.acosh),
    unary('atanh', torch.atanh),
    unary('sigmoid', torch.sigmoid),
    unary('logsigmoid', F.logsigmoid),
    unary('relu', torch.relu),
    unary('relu6', F.relu6),
    unary('selu', F.selu),
    unary('gelu', F.gelu),
    unary('geluTanh', lambda x: F.gelu(x, approximate='tanh')),
    unary('silu', F.silu),
    unary('mish', F.mish),
    unary('hardswish', F.hardswish),
    unary('hardsigmoid', F.hardsigmoid),
    unary('softsign', F.softsign),
    unary('tanhshrink', F.tanhshrink),
    unary('erf', torch.erf),
    unary('erfc', torch.erfc),
    unary('erfinv', torch.erfinv),
    unary('lgamma', torch.lgamma),
    unary('digamma', torch.digamma),
    unary('trigamma', lambda x: torch.polygamma(1, x)),
    unary('sinc', torch.sinc),
    unary('deg2rad', torch.deg2rad),
    unary('rad2deg', torch.rad2deg),
    unary('angle', torch.angle),
    unary('i0', torch.i0),
    unary('i0e', torch.special.i0e),
    unary('i1', torch.special.i1),
    unary('i1e', torch.special.i1e),
    unary('ndtr', torch.special.ndtr),
    unary('ndtri', torch.special.ndtri),
    unary('logNdtr', torch.special.log_ndtr),
    unary('erfcx', torch.special.erfcx),
    unary('entr', torch.special.entr),
    unary('frexpMantissa', lambda x: torch.frexp(x)[0]),
    unary('logit', torch.logit),
    unary('floor', torch.floor),
    unary('ceil', torch.ceil),
    unary('round', torch.round),
    unary('trunc', torch.trunc),
    unary('frac', torch.frac),
    unary('isnan', torch.isnan),
    unary('isinf', torch.isinf),
    unary('isfinite', torch.isfinite),
    unary('isposinf', torch.isposinf),
    unary('isneginf', torch.isneginf),
    unary('signbit', torch.signbit),
    unary('logicalNot', torch.logical_not),
    unary('nanToNum', torch.nan_to_num),
]

# Numbers are arguments of the function, not of the closure, so that a record says what its `params` are.
PARAMETRIC_UNARY = [
    *[unary('elu', lambda x, alpha: F.elu(x, alpha), alpha=a) for a in (1.0, 0.5)],
    *[unary('celu', lambda x, alpha: F.celu(x, alpha), alpha=a) for a in (1.0, 2.0)],
    *[
        unary('softplus', lambda x, beta, threshold: F.softplus(x, beta, threshold), beta=b, threshold=t)
        for b in (1.0, 2.0)
        for t in (20.0, 1.0)
    ],
    *[unary('leakyRelu', lambda x, negativeSlope: F.leaky_relu(x, negativeSlope), negativeSlope=s) for s in (0.01, 0.2)],
    *[
        unary('hardtanh', lambda x, minVal, maxVal: F.hardtanh(x, minVal, maxVal), minVal=low, maxVal=high)
        for low, high in ((-1.0, 1.0), (0.0, 6.0))
    ],
    unary('softshrink', lambda x, lambd: F.softshrink(x, lambd), lambd=0.5),
    unary('hardshrink', lambda x, lambd: F.hardshrink(x, lambd), lambd=0.5),
    unary('threshold', lambda x, threshold, value: F.threshold(x, threshold, value), threshold=0.1, value=20.0),
    # The last pair is in the wrong order: torch then answers `max` everywhere.
    *[
        unary('clamp', lambda x, min, max: torch.clamp(x, min, max), min=low, max=high)
        for low, high in ((-1.0, 1.0), (0.0, 6.0), (-INF, 2.0), (2.0, 2.0), (1.0, -1.0))
    ],
    *[unary('clampMin', lambda x, min: torch.clamp(x, min=min), min=low) for low in (0.0, 1.0)],
    *[unary('clampMax', lambda x, max: torch.clamp(x, max=max), max=high) for high in (0.0, 6.0)],
    unary('logit', lambda x, eps: torch.logit(x, eps), eps=0.25),
    unary(
        'nanToNum',
        lambda x, nan, posinf, neginf: torch.nan_to_num(x, nan, posinf, neginf),
        nan=0.5,
        posinf=3.0,
        neginf=-3.0,
    ),
    *[
        unary('powScalar', lambda x, exponent: torch.pow(x, exponent), exponent=p)
        for p in (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0, 2.5)
    ],
    *[unary('scalarPow', lambda x, base: torch.pow(base, x), base=b) for b in (0.0, 0.5, 1.0, 2.0, -1.0)],
]

BINARY = [
    binary('add', torch.add),
    binary('sub', torch.sub),
    binary('mul', torch.mul),
    binary('div', torch.div),
    binary('pow', torch.pow),
    binary('atan2', torch.atan2),
    binary('hypot', torch.hypot),
    binary('fmod', torch.fmod),
    binary('remainder', torch.remainder),
    binary('floorDivide', lambda a, b: torch.div(a, b, rounding_mode='floor')),
    binary('truncDivide', lambda a, b: torch.div(a, b, rounding_mode='trunc')),
    binary('maximum', torch.maximum),
    binary('minimum', torch.minimum),
    binary('fmax', torch.fmax),
    binary('fmin', torch.fmin),
    binary('xlogy', torch.xlogy),
    binary('xlog1py', torch.special.xlog1py),
    binary('logaddexp', torch.logaddexp),
    binary('logaddexp2', torch.logaddexp2),
    binary('copysign', torch.copysign),
    binary('heaviside', torch.heaviside),
    binary('nextafter', torch.nextafter),
    binary('ldexp', torch.ldexp),
    Function('igamma', torch.igamma, [ORDER_POINTS, BINARY_POINTS], constant=(0,)),
    Function('igammac', torch.igammac, [ORDER_POINTS, BINARY_POINTS], constant=(0,)),
    Function('zeta', torch.special.zeta, [ORDER_POINTS, BINARY_POINTS], constant=(0,)),
    binary('eq', torch.eq),
    binary('ne', torch.ne),
    binary('lt', torch.lt),
    binary('le', torch.le),
    binary('gt', torch.gt),
    binary('ge', torch.ge),
    binary('logicalAnd', torch.logical_and),
    binary('logicalOr', torch.logical_or),
    binary('logicalXor', torch.logical_xor),
]

TERNARY = [
    Function(
        'where',
        lambda condition, a, b: torch.where(condition != 0, a, b),
        [CONDITION_POINTS, TERNARY_POINTS, TERNARY_POINTS],
        constant=(0,),
    ),
    Function('lerp', torch.lerp, [TERNARY_POINTS, TERNARY_POINTS, WEIGHT_POINTS]),
    *[
        ternary('addcmul', lambda input, a, b, value: torch.addcmul(input, a, b, value=value), value=v)
        for v in (1.0, -0.5)
    ],
    *[
        ternary('addcdiv', lambda input, a, b, value: torch.addcdiv(input, a, b, value=value), value=v)
        for v in (1.0, -0.5)
    ],
]

FUNCTIONS = [*PLAIN_UNARY, *PARAMETRIC_UNARY, *BINARY, *TERNARY]


def gradients(output: torch.Tensor, inputs: List[torch.Tensor], create_graph: bool = False) -> Optional[List[torch.Tensor]]:
    """Gradients of the sum of `output`, zero where it does not depend on an input; None where torch has no derivative."""
    if not output.is_floating_point():
        return None
    if not output.requires_grad:
        return [torch.zeros_like(x) for x in inputs]
    try:
        found = torch.autograd.grad(
            output, inputs, torch.ones_like(output), retain_graph=True, create_graph=create_graph, allow_unused=True
        )
    except RuntimeError as error:  # NotImplementedError is one of its subclasses.
        if 'not implemented' not in str(error):
            raise
        return None
    return [torch.zeros_like(x) if g is None else g for g, x in zip(found, inputs)]


def evaluate(function: Function, point: Sequence[float], copies: int) -> Tuple[Answers, Answers]:
    """Torch's answers at one point, taken from a vector of copies of it so that no other point can disturb them.

    The second result holds the first derivatives again, taken with create_graph=True: for some functions (silu, mish,
    logit) torch then uses another formula.
    """
    variable = [i for i in range(len(point)) if i not in function.constant]
    args = [
        torch.full((copies,), x, dtype=torch.float64, requires_grad=i in variable) for i, x in enumerate(point)
    ]
    inputs = [args[i] for i in variable]
    output = function.call(*args, **function.params)
    answers = {'y': float(output[0].item())}
    if len(point) == 1:
        args32 = [torch.full((copies,), x, dtype=torch.float32) for x in point]
        answers['y32'] = float(function.call(*args32, **function.params)[0].item())

    first = gradients(output, inputs)
    if first is None:
        return answers, {}
    answers.update({f'd{i}': g[0].item() for i, g in zip(variable, first)})
    in_graph = {}
    for i, g in zip(variable, gradients(output, inputs, create_graph=True)):
        in_graph[f'd{i}'] = g[0].item()
        second = gradients(g, inputs)
        if second is not None:
            answers.update({f'dd{i}{j}': h[0].item() for j, h in zip(variable, second)})
    return answers, in_graph


def agree(a: float, b: float) -> bool:
    """Equal up to rounding, zeros of either sign and infinities told apart."""
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if math.isinf(a) or math.isinf(b) or a == 0 or b == 0:
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    return math.isclose(a, b, rel_tol=1e-9)


def answers_at(function: Function, point: Sequence[float]) -> Tuple[Answers, List[Tuple[str, float]]]:
    """Torch's answers on long vectors, and those that it gives elsewhere where it contradicts itself."""
    answers, in_graph = evaluate(function, point, VECTOR)
    alternatives = []
    for others in (in_graph, *evaluate(function, point, 1)):
        for key, value in others.items():
            known = [answers[key], *[v for k, v in alternatives if k == key]]
            if not any(agree(value, other) for other in known):
                alternatives.append((key, value))
    return answers, alternatives


def shortest_float32(x: float) -> float:
    """The number of fewest digits that rounds to the float32 number x."""
    for digits in range(1, 10):
        candidate = float(f'{x:.{digits}g}')
        # A candidate may lie beyond the largest float32 number, which struct refuses.
        if abs(candidate) < 3.4028236e38 and struct.unpack('f', struct.pack('f', candidate))[0] == x:
            return candidate
    raise AssertionError(f'{x!r} is not a float32 number')


def encode(value):
    """Finite numbers stay numbers, integral ones without a fraction; JSON cannot hold the others, nor a lasting -0."""
    if isinstance(value, dict):
        return {key: encode(x) for key, x in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(x) for x in value]
    if not isinstance(value, float):
        return value
    if math.isnan(value):
        return 'nan'
    if math.isinf(value):
        return 'inf' if value > 0 else '-inf'
    if value == 0:
        return '-0' if math.copysign(1, value) < 0 else 0
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def record(function: Function) -> dict:
    arguments = range(len(function.points))
    points = list(itertools.product(*function.points))
    results = [answers_at(function, point) for point in points]
    keys = results[0][0].keys()
    # Whether torch has a derivative must not depend on the point.
    assert all(answers.keys() == keys for answers, _ in results), function.name

    def column(key: str) -> Optional[List[float]]:
        return [answers[key] for answers, _ in results] if key in keys else None

    row = {
        'name': function.name,
        'params': function.params or None,
        'arity': len(arguments),
        'inputs': [list(values) for values in zip(*points)],
        'y': column('y'),
    }
    if 'y32' in keys:
        row['y32'] = [shortest_float32(y) if math.isfinite(y) else y for y in column('y32')]
    row['d'] = [column(f'd{i}') for i in arguments] if any(f'd{i}' in keys for i in arguments) else None
    pairs = list(itertools.product(arguments, repeat=2))
    has_second = any(f'dd{i}{j}' in keys for i, j in pairs)
    row['dd'] = [[column(f'dd{i}{j}') for j in arguments] for i in arguments] if has_second else None
    alternatives = [(key, k, value) for k, (_, found) in enumerate(results) for key, value in found]
    if alternatives:
        row['alternatives'] = alternatives
    return encode(row)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', required=True, help='the JSON file to write')
    out = parser.parse_args().out
    torch.set_num_threads(1)
    # oneDNN's gelu is a coarser approximation than torch's own.
    with torch.backends.mkldnn.flags(enabled=False):
        rows = [record(function) for function in FUNCTIONS]
    lines = ',\n'.join(json.dumps(row, allow_nan=False, separators=(',', ':')) for row in rows)
    with open(out, 'w', encoding='utf-8', newline='\n') as file:
        file.write(f'[\n{lines}\n]\n')
    points = sum(len(row['y']) for row in rows)
    print(f'torch {torch.__version__}: {len(rows)} functions, {points} points -> {out}', file=sys.stderr)


if __name__ == '__main__':
    main()
