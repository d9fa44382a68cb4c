import { type MapRequest, setWasmMode, type View } from '@nabla/core/internals';
import { afterEach, describe, expect, test } from 'vitest';
import { runMap } from '../src/backend-cpu/map.ts';
import { input } from '../src/expr/node.ts';
import { Draw, onHeap, resident } from './operands.ts';

afterEach(() => {
  setWasmMode('auto');
});

/** Columns `from` to `from + width` of a matrix of 40 columns, as one operand. */
const columns = (handle: Float32Array, from: number, width: number): View => ({
  handle,
  dtype: 'float32',
  shape: [30, width],
  strides: [40, 1],
  offset: from,
});

/** Two results that lie side by side in the rows of one matrix, in place of what they are computed from. */
function sideBySide(place: (n: number) => Float32Array, swapped: boolean): Float32Array {
  const matrix = place(1200);
  matrix.set(new Draw(1).values(1200));
  const [left, right] = [columns(matrix, 3, 16), columns(matrix, 19, 16)];
  const targets = swapped ? [right, left] : [left, right];
  const exprs = [input(0).add(input(1)), input(0).mul(input(1))];
  const r: MapRequest = { exprs, inputs: [left, right], params: [], shape: [30, 16], compute: 'float32', outputs: ['float32', 'float32'] };
  runMap(r, targets);
  return Float32Array.from(matrix);
}

describe('results that share an array outside of WebAssembly memory', () => {
  test.each([false, true])('each gives back its own elements alone, in either order: %s', (swapped) => {
    setWasmMode('off');
    const want = sideBySide(onHeap, swapped);
    setWasmMode('always');
    expect(sideBySide(onHeap, swapped)).toEqual(want);
    expect(sideBySide(resident, swapped)).toEqual(want);
  });
});
