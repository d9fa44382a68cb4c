"""Records runs of PyTorch's optimizers, schedules and gradient clipping with random options.

usage: python3 record-optim.py DIR SEED OPTIM SCHEDULERS CLIP

Writes the families optim, schedulers and clip in the format of fixtures/pytorch/FORMAT.md to DIR: as many random cases of
each as the last arguments say, in float64. Needs PyTorch 1.13.
"""
import json
import math
import os
import random
import sys
import warnings

import numpy as np
import torch
import torch.nn.functional as F
from torch.optim import swa_utils

from golden import Family, number

warnings.filterwarnings('ignore')
torch.set_num_threads(1)
torch.set_default_dtype(torch.float32)


def maybe(r, kwargs, name, choices, chance=0.5):
    if r.random() < chance:
        kwargs[name] = r.choice(choices)


def optimizer_options(r, name):
    k = {}
    if name != 'LBFGS':
        maybe(r, k, 'weight_decay', [0.0, 0.01, 0.1], 0.5)
    if name in ('SGD', 'Adam', 'AdamW', 'Adamax', 'RMSprop', 'Rprop', 'Adagrad', 'Adadelta', 'ASGD'):
        maybe(r, k, 'maximize', [True, False], 0.3)
    if name == 'SGD':
        k['lr'] = r.choice([0.1, 0.01])
        maybe(r, k, 'momentum', [0.0, 0.5, 0.9], 0.7)
        if k.get('momentum') and r.random() < 0.4:
            k['nesterov'] = True
        else:
            maybe(r, k, 'dampening', [0.1, 0.5])
    elif name in ('Adam', 'AdamW', 'Adamax', 'NAdam', 'RAdam'):
        maybe(r, k, 'lr', [0.1, 0.01, 0.002])
        maybe(r, k, 'betas', [(0.8, 0.9), (0.0, 0.99), (0.9, 0.5), (0.95, 0.9999)])
        maybe(r, k, 'eps', [1e-3, 1e-10])
        if name in ('Adam', 'AdamW'):
            maybe(r, k, 'amsgrad', [True])
        if name == 'NAdam':
            maybe(r, k, 'momentum_decay', [0.01, 0.0, 0.1])
    elif name == 'RMSprop':
        maybe(r, k, 'lr', [0.1, 0.001])
        maybe(r, k, 'alpha', [0.9, 0.5])
        maybe(r, k, 'eps', [1e-3, 1e-6])
        maybe(r, k, 'momentum', [0.9, 0.3])
        maybe(r, k, 'centered', [True])
    elif name == 'Rprop':
        k.pop('weight_decay', None)
        maybe(r, k, 'lr', [0.1, 0.5])
        maybe(r, k, 'etas', [(0.3, 1.5), (0.9, 1.1)])
        maybe(r, k, 'step_sizes', [(1e-3, 0.2), (0.05, 1.0)])
    elif name == 'Adagrad':
        maybe(r, k, 'lr', [0.1, 0.5])
        maybe(r, k, 'lr_decay', [0.1, 0.01])
        maybe(r, k, 'initial_accumulator_value', [0.1, 1.0])
        maybe(r, k, 'eps', [1e-3])
    elif name == 'Adadelta':
        maybe(r, k, 'lr', [0.1, 0.5])
        maybe(r, k, 'rho', [0.5, 0.0, 1.0])
        maybe(r, k, 'eps', [1e-3, 1e-4])
    elif name == 'ASGD':
        maybe(r, k, 'lr', [0.1, 0.5])
        maybe(r, k, 'lambd', [0.01, 0.1])
        maybe(r, k, 'alpha', [0.5, 1.0])
        maybe(r, k, 't0', [2.0, 5.0, 0.0])
    elif name == 'LBFGS':
        maybe(r, k, 'lr', [0.5, 1.0, 0.1])
        maybe(r, k, 'max_iter', [1, 2, 5, 10])
        maybe(r, k, 'max_eval', [1, 4, 8], 0.3)
        maybe(r, k, 'history_size', [1, 2, 10])
        maybe(r, k, 'tolerance_grad', [1e-3, 1e-5], 0.3)
        maybe(r, k, 'tolerance_change', [1e-4, 1e-6], 0.3)
        maybe(r, k, 'line_search_fn', ['strong_wolfe'], 0.6)
    return k


OPTIMIZERS = ['SGD', 'Adam', 'AdamW', 'Adamax', 'NAdam', 'RAdam', 'RMSprop', 'Rprop', 'Adagrad', 'Adadelta', 'ASGD', 'LBFGS']


def loss_of(problem, p, data):
    if problem == 'lstsq':
        return ((data['X'] @ p[0] + p[1] - data['y']) ** 2).mean()
    if problem == 'logreg':
        return F.binary_cross_entropy_with_logits(data['X'] @ p[0] + p[1], data['y']) + 0.01 * (p[0] ** 2).sum()
    x = p[0]
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def final_state(family, key, optimizer, params):
    out = {}
    for i, p in enumerate(params):
        out[str(i)] = {}
        for name, v in optimizer.state.get(p, {}).items():
            if v is None:
                continue
            if torch.is_tensor(v) and v.dim() > 0:
                out[str(i)][name] = family.put(f'{key}.f{i}.{name}', v)
            else:
                out[str(i)][name] = number(float(v))
    return out


def optim_case(family, r, index):
    name = r.choice(OPTIMIZERS)
    kwargs = optimizer_options(r, name)
    key = f'k{index}'
    steps = 12
    closure = name == 'LBFGS' or r.random() < 0.15
    case = {'id': f'optim/{name}/{"closure" if closure else "given"}/{index}', 'optimizer': name, 'dtype': 'f64',
            'mode': 'closure' if closure else 'given', 'kwargs': number(kwargs), 'steps': steps}
    rand = lambda *s: torch.randn(s, dtype=torch.float64)
    if closure:
        problem = r.choice(['lstsq', 'logreg', 'rosenbrock'])
        data = {}
        if problem == 'rosenbrock':
            params = [rand(3) * 0.5]
        else:
            params = [rand(3), rand(1)]
            data['X'] = rand(12, 3)
            data['y'] = rand(12) if problem == 'lstsq' else (rand(12) > 0).double()
        case.update(problem=problem, data={n: family.put(f'{key}.d.{n}', t) for n, t in data.items()})
    else:
        params = [rand(2, 3), rand(2), rand()]
        grads = [rand(steps, *p.shape) * r.choice([0.1, 1.0, 3.0]) for p in params]
        if r.random() < 0.3:
            grads[0][:, 0] = 0
        none = [sorted(r.sample(range(steps), r.randint(1, 4))) if r.random() < 0.3 else [] for _ in params]
        if r.random() < 0.1:
            none[1] = list(range(steps))
        case['grads'] = [family.put(f'{key}.g{i}', g) for i, g in enumerate(grads)]
        case['grad_none'] = {str(i): n for i, n in enumerate(none) if n}
    case['params'] = [family.put(f'{key}.p{i}', p) for i, p in enumerate(params)]
    groups = None
    if name != 'LBFGS' and len(params) > 1 and r.random() < 0.4:
        groups = [{'params': [0], 'lr': 0.03}, {'params': list(range(1, len(params)))}]
        if name not in ('Rprop',):
            groups[1]['weight_decay'] = 0.2
        if name in ('SGD', 'RMSprop'):
            groups[0]['momentum'] = 0.7
        case['groups'] = number(groups)

    def run(start):
        params = [p.clone().requires_grad_() for p in start]
        given = params if groups is None else [{**g, 'params': [params[i] for i in g['params']]} for g in groups]
        optimizer = getattr(torch.optim, name)(given, **kwargs)
        rows, losses, evals = [[] for _ in params], [], []
        for t in range(steps):
            if closure:
                count = 0

                def evaluate():
                    nonlocal count
                    count += 1
                    optimizer.zero_grad()
                    loss = loss_of(problem, params, data)
                    loss.backward()
                    return loss

                losses.append(optimizer.step(evaluate).item())
                evals.append(count)
            else:
                for i, p in enumerate(params):
                    p.grad = None if t in none[i] else grads[i][t].clone()
                optimizer.step()
            for i, p in enumerate(params):
                rows[i].append(p.detach().clone())
        return optimizer, params, [torch.stack(v) for v in rows], losses, evals

    optimizer, last, rows, losses, evals = run(params)
    if closure and not all(torch.isfinite(t).all() for t in rows):
        return False
    case['trajectory'] = [family.put(f'{key}.t{i}', t) for i, t in enumerate(rows)]
    if closure:
        # How much a change in the last bit of the start is amplified.
        noise, loss_noise = [0.0] * len(rows), 0.0
        for scale in (1 + 2**-52, 1 - 2**-52, 1 + 2**-51, 1 - 2**-51):
            _, _, others, other_losses, _ = run([p * scale for p in params])
            noise = [max(n, (a - b).abs().max().item()) for n, a, b in zip(noise, rows, others)]
            loss_noise = max([loss_noise] + [abs(a - b) for a, b in zip(losses, other_losses)])
        for ref, n in zip(case['trajectory'], noise):
            ref['n'] = n
        case.update(losses=number(losses), loss_noise=loss_noise, closure_evals=evals)
    else:
        case['final_state'] = final_state(family, key, optimizer, last)
    family.cases.append(case)
    return True


def function_of(spec):
    k = spec['$fn']
    return {
        'pow': lambda e: k['base'] ** e,
        'inv': lambda e: 1 / (1 + k['k'] * e),
        'warmup': lambda e: min(1, (e + 1) / k['n']),
        'const': lambda e: k['c'],
        'cosine_warmup': lambda e: (e + 1) / k['n'] if e < k['n'] else 0.5 * (1 + math.cos(math.pi * min(1, (e - k['n']) / (k['T'] - k['n'])))),
    }[k['kind']]


def any_function(r):
    return {'$fn': r.choice([{'kind': 'pow', 'base': 0.9}, {'kind': 'inv', 'k': 0.2}, {'kind': 'warmup', 'n': 5}, {'kind': 'const', 'c': 0.95},
                             {'kind': 'cosine_warmup', 'n': 4, 'T': 30}])}


def schedule_options(r, name, groups, epochs):
    k = {}
    per = lambda make: [make() for _ in range(groups)] if r.random() < 0.3 else make()
    if name in ('LambdaLR', 'MultiplicativeLR'):
        k['lr_lambda'] = per(lambda: any_function(r))
    elif name == 'StepLR':
        k['step_size'] = r.randint(1, 9)
        maybe(r, k, 'gamma', [0.5, 0.9])
    elif name == 'MultiStepLR':
        k['milestones'] = [r.randint(0, epochs) for _ in range(r.randint(0, 5))]
        maybe(r, k, 'gamma', [0.5, 0.9])
    elif name == 'ConstantLR':
        maybe(r, k, 'factor', [0.5, 0.1, 1.0])
        maybe(r, k, 'total_iters', [0, 1, 7])
    elif name == 'LinearLR':
        maybe(r, k, 'start_factor', [0.5, 0.1, 1.0])
        maybe(r, k, 'end_factor', [0.5, 0.0, 0.9])
        maybe(r, k, 'total_iters', [1, 7, 20])
    elif name == 'ExponentialLR':
        k['gamma'] = r.choice([0.9, 0.5, 1.02])
    elif name == 'PolynomialLR':
        maybe(r, k, 'total_iters', [1, 7, 20])
        maybe(r, k, 'power', [2.0, 0.5, 1])
    elif name == 'CosineAnnealingLR':
        k['T_max'] = r.choice([1, 2, 7, 10, 50])
        maybe(r, k, 'eta_min', [0.001, 0.02])
    elif name == 'CosineAnnealingWarmRestarts':
        k['T_0'] = r.choice([1, 3, 10])
        maybe(r, k, 'T_mult', [2, 3])
        maybe(r, k, 'eta_min', [0.001, 0.02])
    elif name == 'CyclicLR':
        k['base_lr'] = per(lambda: r.choice([0.01, 0.001]))
        k['max_lr'] = per(lambda: r.choice([0.1, 0.5]))
        k['step_size_up'] = r.choice([1, 4, 10])
        maybe(r, k, 'step_size_down', [3, 7])
        maybe(r, k, 'mode', ['triangular', 'triangular2', 'exp_range'])
        maybe(r, k, 'gamma', [0.99, 0.9])
        maybe(r, k, 'cycle_momentum', [False])
        maybe(r, k, 'base_momentum', [0.7], 0.3)
        maybe(r, k, 'max_momentum', [0.95], 0.3)
        if r.random() < 0.3:
            k['scale_fn'] = {'$fn': {'kind': 'inv', 'k': 0.2}}
            maybe(r, k, 'scale_mode', ['cycle', 'iterations'])
    elif name == 'OneCycleLR':
        k['max_lr'] = per(lambda: r.choice([0.1, 0.5]))
        if r.random() < 0.5:
            k['total_steps'] = epochs + r.randint(0, 9)
        else:
            k.update(epochs=7, steps_per_epoch=(epochs + 6) // 7)
        maybe(r, k, 'pct_start', [0.1, 0.5])
        maybe(r, k, 'anneal_strategy', ['linear', 'cos'])
        maybe(r, k, 'cycle_momentum', [False], 0.3)
        maybe(r, k, 'base_momentum', [0.7], 0.3)
        maybe(r, k, 'max_momentum', [0.9], 0.3)
        maybe(r, k, 'div_factor', [10.0], 0.3)
        maybe(r, k, 'final_div_factor', [100.0], 0.3)
        if k.get('pct_start', 0.3) < 0.5:
            maybe(r, k, 'three_phase', [True], 0.4)
    elif name == 'ReduceLROnPlateau':
        maybe(r, k, 'mode', ['max', 'min'])
        maybe(r, k, 'factor', [0.5, 0.9])
        maybe(r, k, 'patience', [0, 1, 4])
        maybe(r, k, 'threshold', [0.1, 0.01])
        maybe(r, k, 'threshold_mode', ['abs', 'rel'])
        maybe(r, k, 'cooldown', [1, 3])
        maybe(r, k, 'eps', [0.01], 0.2)
        k['min_lr'] = per(lambda: r.choice([0, 0.01, 0.001]))
    elif name == 'SWALR':
        k['swa_lr'] = per(lambda: r.choice([0.05, 0.3]))
        maybe(r, k, 'anneal_epochs', [0, 1, 5])
        maybe(r, k, 'anneal_strategy', ['linear', 'cos'])
    return k


SIMPLE = ['LambdaLR', 'MultiplicativeLR', 'StepLR', 'MultiStepLR', 'ConstantLR', 'LinearLR', 'ExponentialLR', 'PolynomialLR', 'CosineAnnealingLR',
          'CosineAnnealingWarmRestarts']
SCHEDULES = SIMPLE + ['CyclicLR', 'OneCycleLR', 'ReduceLROnPlateau', 'SequentialLR', 'ChainedScheduler', 'SequentialLR', 'SWALR']


def with_functions(v):
    if isinstance(v, dict):
        return function_of(v)
    return [with_functions(x) for x in v] if isinstance(v, list) else v


def build_schedule(optimizer, spec):
    name = spec['scheduler']
    kwargs = {k: with_functions(v) for k, v in spec['raw'].items()}
    if name in ('SequentialLR', 'ChainedScheduler'):
        inner = [build_schedule(optimizer, s) for s in spec['schedulers']]
        cls = getattr(torch.optim.lr_scheduler, name)
        return cls(inner) if name == 'ChainedScheduler' else cls(optimizer, inner, **kwargs)
    cls = swa_utils.SWALR if name == 'SWALR' else getattr(torch.optim.lr_scheduler, name)
    return cls(optimizer, **kwargs)


def spec_of(r, name, groups, epochs, depth=0):
    spec = {'scheduler': name, 'raw': schedule_options(r, name, groups, epochs)}
    if name in ('SequentialLR', 'ChainedScheduler'):
        choices = SIMPLE + (['SequentialLR'] if name == 'ChainedScheduler' and depth == 0 else [])
        spec['schedulers'] = [spec_of(r, r.choice(choices), groups, epochs, depth + 1) for _ in range(r.randint(1, 3))]
        if name == 'SequentialLR':
            spec['raw']['milestones'] = sorted(r.sample(range(1, epochs), len(spec['schedulers']) - 1))
    spec['kwargs'] = {k: v if k == 'lr_lambda' or k == 'scale_fn' else number(v) for k, v in spec['raw'].items()}
    return spec


def without_raw(spec):
    out = {k: v for k, v in spec.items() if k != 'raw'}
    if 'schedulers' in out:
        out['schedulers'] = [without_raw(s) for s in out['schedulers']]
    return out


def scheduler_case(family, r, index):
    epochs = 40
    groups = [{'lr': r.choice([0.1, 0.05, 0.3])} for _ in range(r.randint(1, 3))]
    name = r.choice(SCHEDULES)
    spec = spec_of(r, name, len(groups), epochs)
    kind = r.choice(['SGD', 'SGD', 'Adam', 'RMSprop']) if name != 'CyclicLR' else r.choice(['SGD', 'RMSprop'])
    kwargs = {'lr': 0.1, 'momentum': 0.9} if kind in ('SGD', 'RMSprop') else {'lr': 0.1}
    if name in SIMPLE and r.random() < 0.2:
        for g in groups:
            g['initial_lr'] = r.choice([0.1, 0.2])
        spec['raw']['last_epoch'] = spec['kwargs']['last_epoch'] = r.randint(0, 12)
    params = [torch.zeros(2, dtype=torch.float64, requires_grad=True) for _ in groups]
    optimizer = getattr(torch.optim, kind)([{**g, 'params': [p]} for g, p in zip(groups, params)], **kwargs)
    case = {'id': f'schedulers/{name}/{index}', 'optimizer': {'type': kind, 'kwargs': number(kwargs), 'groups': number(groups)},
            **without_raw(spec), 'epochs': epochs}
    if name == 'ReduceLROnPlateau':
        case['metrics'] = [number(round(r.random() * (1 - 0.9 * e / epochs), 3)) for e in range(epochs)]
    try:
        scheduler = build_schedule(optimizer, spec)
        lrs, momenta = [], []
        for e in range(epochs + 1):
            if e > 0:
                optimizer.step()
                scheduler.step(*([float(with_number(case['metrics'][e - 1]))] if name == 'ReduceLROnPlateau' else []))
            lrs.append([number(float(g['lr'])) for g in optimizer.param_groups])
            momenta.append([number(float(g['betas'][0] if kind == 'Adam' else g['momentum'])) for g in optimizer.param_groups])
    except ZeroDivisionError:
        return False
    if any(isinstance(x, dict) and x.get('$f') in ('nan', 'inf', '-inf') for row in lrs for x in row):
        return False
    case.update(lrs=lrs, momenta=momenta)
    family.cases.append(case)
    return True


def with_number(v):
    return v['$f'] if isinstance(v, dict) else v


def clip_case(family, r, index):
    key = f'k{index}'
    shapes = [[2, 3], [4], []][: r.randint(1, 3)]
    params = [torch.zeros(s, dtype=torch.float64, requires_grad=True) for s in shapes]
    grads = []
    for i, p in enumerate(params):
        p.grad = None if r.random() < 0.2 else torch.randn(p.shape, dtype=torch.float64) * r.choice([0.01, 1.0, 10.0])
        grads.append(None if p.grad is None else family.put(f'{key}.g{i}', p.grad))
    case = {'id': f'clip/{index}', 'dtype': 'f64', 'shapes': shapes, 'grads': grads}
    if r.random() < 0.3:
        kwargs = {'clip_value': r.choice([0.5, 0.01, 2.0])}
        case.update(fn='clip_grad_value_', kwargs=number(kwargs))
        torch.nn.utils.clip_grad_value_(params, **kwargs)
    else:
        kwargs = {'max_norm': r.choice([0.5, 1.0, 100.0])}
        maybe(r, kwargs, 'norm_type', [1.0, 2.0, 3.0, 0.5, float('inf'), 0.0, -1.0, float('-inf')], 0.8)
        case.update(fn='clip_grad_norm_', kwargs=number(kwargs))
        total = torch.nn.utils.clip_grad_norm_(params, **kwargs)
        if total.dtype == torch.float64:
            case['total_norm'] = number(total.item())
    case['after'] = [None if p.grad is None else family.put(f'{key}.a{i}', p.grad) for i, p in enumerate(params)]
    family.cases.append(case)
    return True


def main():
    directory, seed, *counts = sys.argv[1], *map(int, sys.argv[2:6])
    os.makedirs(directory, exist_ok=True)
    families = []
    for (name, make), count in zip([('optim', optim_case), ('schedulers', scheduler_case), ('clip', clip_case)], counts):
        r = random.Random(seed)
        torch.manual_seed(seed)
        np.random.seed(seed)
        family = Family(name)
        index = 0
        while len(family.cases) < count:
            make(family, r, index)
            index += 1
        family.write(directory)
        families.append({'family': name, 'cases': len(family.cases)})
    with open(os.path.join(directory, 'index.json'), 'w') as f:
        json.dump({'format': 'golden-1', 'torch': torch.__version__, 'families': families}, f, indent=1)
        f.write('\n')


main()
