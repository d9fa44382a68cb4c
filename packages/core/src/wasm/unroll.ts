import type { FunctionBuilder, Value } from './module.ts';
import { usesRelaxedSimd } from './relaxed.ts';

/**
 * Runs `body(0)`, `body(1)`... `left` times, then `advance` after each `turns` of them. There is a branch between two turns, because
 * engines move the arithmetic of one straight piece of code behind all of its loads, and run out of registers.
 */
export function unrolled(f: FunctionBuilder, left: Value, turns: number, body: (turn: number) => void, advance: () => void): void {
  const from = (turn: number): void => {
    body(turn);
    if (turn + 1 === turns) return;
    f.if(
      f.op('i32.ne', left, f.i32(turn + 1)),
      () => from(turn + 1),
      () => f.set(left, f.i32(turns)),
    );
  };
  f.while(
    () => left,
    () => {
      from(0);
      advance();
      f.set(left, f.plus(left, -turns));
    },
  );
}

/** acc += x * y for every x of a column and y of a row. */
export function multiplyAdd(f: FunctionBuilder, acc: readonly (readonly Value[])[], x: (row: number) => Value, ys: readonly Value[]): void {
  const fused = usesRelaxedSimd();
  acc.forEach((line, i) => {
    const v = x(i);
    line.forEach((a, j) => {
      f.set(a, fused ? f.op('f32x4.relaxed_madd', v, ys[j]!, a) : f.op('f32x4.add', a, f.op('f32x4.mul', v, ys[j]!)));
    });
  });
}
