#!/usr/bin/python3
"""Writes the public names of PyTorch that docs/from-pytorch.md is about: names only.

    /usr/bin/python3 packages/testing/scripts/record-names.py --out packages/testing/fixtures/torch-names.json
"""
import argparse
import importlib
import inspect
import json
import pkgutil
import warnings

import torch

NAMESPACES = [
    'torch.nn', 'torch.nn.functional', 'torch.nn.init', 'torch.nn.utils', 'torch.nn.utils.rnn', 'torch.nn.utils.parametrize',
    'torch.nn.utils.parametrizations', 'torch.nn.utils.stateless', 'torch.nn.utils.fusion', 'torch.nn.utils.prune', 'torch.optim',
    'torch.optim.lr_scheduler', 'torch.optim.swa_utils', 'torch.autograd', 'torch.autograd.functional', 'torch.autograd.profiler',
    'torch.linalg', 'torch.special', 'torch.random', 'torch.utils.data', 'torch.utils.checkpoint',
]
CLASSES = [
    'torch.Tensor', 'torch.Generator', 'torch.nn.Module', 'torch.nn.Sequential', 'torch.nn.ModuleList', 'torch.nn.ModuleDict',
    'torch.nn.ParameterList', 'torch.nn.ParameterDict', 'torch.optim.Optimizer', 'torch.autograd.function.FunctionCtx',
]
# Namespaces whose names come from files of theirs.
PACKAGES = {'torch.nn', 'torch.nn.utils', 'torch.optim', 'torch.autograd'}
# What loops in torch/__init__.py leave behind.
LEFTOVERS = {'candidate', 'name', 'obj', 'attr'}
# Classes of torch that people use; the others belong to its compiler.
TORCH_CLASSES = {
    'Tensor', 'Generator', 'Size', 'device', 'dtype', 'finfo', 'iinfo', 'layout', 'memory_format', 'qscheme', 'autocast',
    'no_grad', 'enable_grad', 'set_grad_enabled', 'inference_mode',
}


def find(path):
    try:
        return importlib.import_module(path)
    except ImportError:
        parent, name = path.rsplit('.', 1)
        return getattr(find(parent), name)


def of_torch(value):
    """Whether torch made it: not a module, not something it imported from elsewhere."""
    if inspect.ismodule(value):
        return False
    if inspect.isclass(value) or inspect.isfunction(value):
        return (value.__module__ or '').startswith('torch')
    return inspect.isbuiltin(value)


def in_torch(name):
    value = getattr(torch, name)
    if inspect.isclass(value):
        return name in TORCH_CLASSES
    return isinstance(value, (torch.dtype, torch.layout, torch.memory_format, float, torch.Generator)) or of_torch(value)


def in_namespace(path):
    module = find(path)
    # That of torch.autograd leaves out half of what is documented.
    listed = None if path == 'torch.autograd' else getattr(module, '__all__', None)
    if listed:
        return sorted(n for n in listed if not n.startswith('_'))
    home = lambda value: path in PACKAGES or inspect.isbuiltin(value) or getattr(value, '__module__', path) == path
    return sorted(n for n, v in vars(module).items() if not n.startswith('_') and of_torch(v) and home(v))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--out', required=True)
    out = parser.parse_args().out
    warnings.simplefilter('ignore')
    names = {'torch': sorted(n for n in dir(torch) if not n.startswith('_') and n not in LEFTOVERS and in_torch(n))}
    for path in NAMESPACES:
        names[path] = in_namespace(path)
    for path in CLASSES:
        base = set(dir(object)) if path in ('torch.Tensor', 'torch.Generator', 'torch.nn.Module', 'torch.optim.Optimizer') else set(dir(torch.nn.Module))
        names[path] = sorted(n for n in dir(find(path)) if not n.startswith('_') and n not in base)
    modules = sorted('torch.' + m.name for m in pkgutil.iter_modules(torch.__path__) if not m.name.startswith('_'))
    with open(out, 'w') as f:
        lines = ['"%s":%s' % (path, json.dumps(listed, separators=(',', ':'))) for path, listed in names.items()]
        f.write('{"torch":"%s",\n"modules":%s,\n"names":{\n%s\n}}\n' % (torch.__version__, json.dumps(modules), ',\n'.join(lines)))


if __name__ == '__main__':
    main()
