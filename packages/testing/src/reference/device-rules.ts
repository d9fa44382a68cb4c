import type { Backend } from '@nabla/core';
import type { SkippableCase, SkipRule } from './skips.ts';

/** A difference that a device is allowed and the CPU is not. */
interface DeviceRule extends SkipRule {
  /** Whether it is about this device. */
  readonly on: (device: Backend) => boolean;
}

const late = (device: Backend): boolean => !device.caps.syncRead;
const any = (): boolean => true;
const op = (...names: readonly string[]): ((c: SkippableCase) => boolean) => {
  return (c) => names.includes(c.op ?? '');
};

/**
 * What devices cannot do as PyTorch does it. At most 5% of the cases of a family may be excused so; the tests count them.
 */
const rules: readonly DeviceRule[] = [
  {
    on: any,
    when: (c) => c.error !== undefined && op('gather', 'scatter', 'nn.functional.embedding', 'nn.functional.cross_entropy')(c),
    differs: /no error, expected (RuntimeError|IndexError): .*(index|Target) .*out of (bounds|range)/,
    reason: 'a kernel cannot raise an error: an index out of range gives NaN',
    since: '2026-11-30',
  },
  {
    on: any,
    when: (c) => c.error !== undefined && op('floor_divide', 'fmod', 'remainder')(c),
    differs: /no error, expected RuntimeError: ZeroDivisionError/,
    reason: 'a kernel cannot raise an error: an integer divided by zero gives something',
    since: '2026-11-30',
  },
  {
    on: late,
    when: op('allclose', 'equal'),
    differs: /DeviceError: item: .* can only be read asynchronously/,
    reason: 'a boolean of JavaScript cannot wait for values: read a.eq(b).all()',
    since: '2026-11-30',
  },
  {
    on: late,
    when: op('__getitem__', 'index_put'),
    differs: /DeviceError: .*the result's shape depends on values.*nonzeroAsync/,
    reason: 'the shape that a mask selects is known when its values are: index with await nonzeroAsync(mask, { asTuple: true })',
    since: '2026-11-30',
  },
  {
    on: late,
    families: ['modules'],
    when: (c) => c.id.startsWith('modules/CTCLoss/') || c.id.startsWith('modules/RNN/'),
    differs: /the result's shape depends on values|can only be read asynchronously/,
    reason: 'lengths in a tensor decide shapes: pass them as an array',
    since: '2026-11-30',
  },
  {
    on: late,
    families: ['programs'],
    when: (c) => c.id.startsWith('programs/ctc_'),
    differs: /ctcLoss: the result's shape depends on values/,
    reason: 'lengths in a tensor decide shapes: pass them as an array',
    since: '2026-11-30',
  },
  {
    on: late,
    families: ['optim'],
    when: (c) => c.id.startsWith('optim/LBFGS/'),
    differs: /LBFGS: every iteration decides by the loss/,
    reason: 'L-BFGS decides by values at every iteration, and refuses a device that gives them later',
    since: '2026-11-30',
  },
];

/** The rules for one device. */
export function deviceRules(device: Backend): readonly SkipRule[] {
  return rules.filter((r) => r.on(device));
}
