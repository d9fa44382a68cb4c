#!/usr/bin/env python3
"""Records how PyTorch prints tensors.

Writes shape, dtype, values and text as JSON, one tensor a line; the format is described in fixtures/README.md. Run once
with Debian's python3-torch:

    /usr/bin/python3 scripts/record-printing.py --out fixtures/printing.json
"""

import argparse
import json
import math
import re
from typing import Dict, List, Union

import torch

NAN = math.nan
INF = math.inf


def ramp(*shape: int, scale: float = 1.0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Evenly spaced values around zero."""
    n = math.prod(shape)
    return ((torch.arange(n, dtype=torch.float64) - n // 3) * scale).reshape(shape).to(dtype)


def tensors() -> Dict[str, torch.Tensor]:
    f64 = torch.float64
    t = torch.tensor
    leaf = t([1.0, 2.0], requires_grad=True)
    return {
        'scalar': t(3.5),
        'scalar integral': t(2.0),
        'scalar int64': t(-7),
        'scalar bool': t(True),
        'scalar nan': t(NAN),
        'scalar tiny': t(1e-5),
        'scalar float64': t(0.1, dtype=f64),
        'vector': t([1.0, 2.5, -3.25]),
        'integral': t([1.0, -20.0, 300.0]),
        'all zero': torch.zeros(4),
        'negative zero': t([0.0, -0.0, 1.5]),
        'negative zero integral': t([0.0, -0.0, 1.0]),
        'matrix': t([[1.0, 2.0], [3.0, 4.0]]),
        'matrix of fractions': ramp(3, 4, scale=0.37),
        'cube': ramp(2, 2, 3),
        'four dimensions': ramp(2, 1, 2, 2, scale=0.5),
        'int64': t([[1, -200], [30, 4]]),
        'int32': t([1, 2, 3], dtype=torch.int32),
        'uint8': t([[0, 255]], dtype=torch.uint8),
        'bool': t([[True, False], [False, False]]),
        'float64': t([1.0, 0.5], dtype=f64),
        'nan and inf': t([NAN, INF, -INF, 1.5]),
        'only nan and inf': t([NAN, -INF]),
        'nan among integral': t([NAN, 1.0, 100.0]),
        'ratio 1000': t([1.0, 1000.0]),
        'ratio above 1000': t([1.0, 1001.0]),
        'fraction and large': t([0.5, 1234.5]),
        'below 1e-4': t([0.00005, 0.0001]),
        'above 1e8': t([2e8, 3e8]),
        'at 1e8': t([1e8, 1e8]),
        'scientific with zero and nan': t([0.0, NAN, 1e-7, 12345.0]),
        'scientific three digit exponent': t([1e-300, 1e200], dtype=f64),
        'scientific negative': t([[-1e10, 1.0], [0.0, -2.5e-6]]),
        'halves to even': t([0.03125, 0.09375, -0.15625, 0.21875], dtype=f64),
        'halves to even in scientific': t([100005.0, 100015.0, 1e9], dtype=f64),
        'rounds up a digit': t([0.99999, 9.99996]),
        'long vector breaks': ramp(30, scale=0.25),
        'long int vector breaks': torch.arange(100),
        'rows break': ramp(2, 25, scale=1.5),
        'bools break': (torch.arange(40) % 3 == 0),
        'at the threshold': torch.arange(1000),
        'summarized vector': torch.arange(1001),
        'summarized float vector': ramp(2000, scale=0.01),
        'summarized matrix': torch.arange(50 * 40).reshape(50, 40),
        'summarized rows only': torch.arange(300 * 4).reshape(300, 4),
        'summarized columns only': ramp(2, 600, scale=0.5),
        'summarized cube': torch.arange(8 * 9 * 20).reshape(8, 9, 20),
        'summary hides a large element': torch.cat([torch.ones(1000), t([1e6]), torch.ones(1000)]),
        'empty': torch.empty(0),
        'empty int64': torch.empty(0, dtype=torch.int64),
        'empty matrix': torch.empty(0, 3),
        'empty float64 cube': torch.empty(2, 0, 3, dtype=f64),
        'requires grad': leaf.detach().clone().requires_grad_(),
        'requires grad float64': t([[0.25, 4.0]], dtype=f64, requires_grad=True),
        'history': leaf + leaf,
        'history of a summarized tensor': torch.ones(1001, requires_grad=True) * 2,
        'suffix on a new line': ramp(16, scale=0.25).requires_grad_(),
        'second suffix on a new line': ramp(13, scale=0.25, dtype=f64).requires_grad_(),
        'transposed': ramp(2, 3).t(),
        'expanded': t([[1.0], [2.0]]).expand(2, 3),
    }


def text_of(x: torch.Tensor) -> str:
    """PyTorch's text in Nabla's spelling: camelCase names, lower-case booleans, shapes in brackets."""
    text = str(x)
    text = text.replace('True', 'true').replace('False', 'false').replace('requires_grad', 'requiresGrad')
    text = text.replace('dtype=torch.', 'dtype=')
    text = re.sub(r'size=\(([^)]*?),?\)', r'shape=[\1]', text)
    return re.sub(r'grad_fn=<(\w+?)Backward\d*>', lambda m: f'gradFn=<{m[1].lower()}>', text)


def number(v: Union[float, int, bool]) -> Union[float, int, str]:
    if isinstance(v, bool) or isinstance(v, int):
        return int(v)
    if math.isnan(v):
        return 'nan'
    if math.isinf(v):
        return 'inf' if v > 0 else '-inf'
    if v == 0 and math.copysign(1, v) < 0:
        return '-0'
    return int(v) if v == int(v) and abs(v) < 2**53 else v


def record(name: str, x: torch.Tensor) -> Dict[str, object]:
    values: List[Union[float, int, bool]] = x.detach().reshape(-1).tolist()
    return {
        'name': name,
        'shape': list(x.shape),
        'dtype': str(x.dtype).replace('torch.', ''),
        'requiresGrad': x.requires_grad and x.grad_fn is None,
        'values': [number(v) for v in values],
        'text': text_of(x),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--out', required=True)
    out = parser.parse_args().out
    lines = [json.dumps(record(name, x), separators=(',', ':')) for name, x in tensors().items()]
    with open(out, 'w', encoding='utf-8') as f:
        f.write('[\n' + ',\n'.join(lines) + '\n]\n')
    print(f'{len(lines)} tensors printed by torch {torch.__version__}')


if __name__ == '__main__':
    main()
