import { describe, expect, it } from 'vitest';
import { compareLosses, compareOutputs } from '../src/agreement.ts';

describe('compareLosses', () => {
  it('allows the tolerance, and no more, in every round', () => {
    expect(compareLosses('p', [0.5, 0.25], [0.5005, 0.2505], 1e-3)).toBeNull();
    expect(compareLosses('p', [0.5, 0.25], [0.5, 0.2521], 1e-3)).toEqual({ peer: 'p', what: 'loss of round 2', own: 0.25, theirs: 0.2521 });
  });

  it('compares the rounds that both ran', () => {
    expect(compareLosses('p', [0.5, 0.25, 0.125], [0.5], 1e-3)).toBeNull();
    expect(compareLosses('p', [0.5], [0.6, 0.5], 1e-3)).not.toBeNull();
  });

  it('agrees with no loss that is not a number', () => {
    expect(compareLosses('p', [0.5], [null], 1e-3)).toMatchObject({ own: 0.5, theirs: null });
    expect(compareLosses('p', [Number.NaN], [Number.NaN], 1e-3)).not.toBeNull();
  });
});

describe('compareOutputs', () => {
  const a = Float32Array.of(1, -2, 3, -4);
  const names = ['the result'];

  it('allows a part of an element and of the root mean square', () => {
    expect(compareOutputs('p', names, [a], [Float32Array.of(1, -2, 3, -4.0001)], 1e-4)).toBeNull();
    const zero = Float32Array.of(0, 1e3);
    expect(compareOutputs('p', names, [zero], [Float32Array.of(0.05, 1e3)], 1e-4)).toBeNull();
    expect(compareOutputs('p', names, [zero], [Float32Array.of(0.1, 1e3)], 1e-4)).not.toBeNull();
  });

  it('names the element and both numbers', () => {
    const found = compareOutputs('p', names, [a], [Float32Array.of(1, -2, 3.5, -4)], 1e-4);
    expect(found).toEqual({ peer: 'p', what: 'element 2 of the result', own: 3, theirs: 3.5 });
  });

  it('tells NaN, other sizes and missing tensors', () => {
    expect(compareOutputs('p', names, [a], [Float32Array.of(1, Number.NaN, 3, -4)], 1e-4)).toMatchObject({
      what: 'element 1 of the result',
    });
    expect(compareOutputs('p', names, [a], [a.subarray(1)], 1e-4)).toEqual({
      peer: 'p',
      what: 'elements of the result',
      own: 4,
      theirs: 3,
    });
    expect(compareOutputs('p', names, [a], [], 1e-4)).toEqual({ peer: 'p', what: 'number of results', own: 1, theirs: 0 });
  });

  it('looks at every tensor', () => {
    const found = compareOutputs('p', ['the gradient of a', 'the gradient of b'], [a, a], [a, a.map((x) => -x)], 1e-4);
    expect(found).toMatchObject({ what: 'element 0 of the gradient of b', own: 1, theirs: -1 });
  });
});
