import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { gather, randn, tensor } from '@nabla/core';
import {
  call,
  compiledKernels,
  cpu,
  dtypes,
  forbidGeneration,
  functions,
  input,
  isFloating,
  printJs,
  setWasmMode,
} from '@nabla/core/internals';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFormula } from '../../core/src/expr/formula.ts';
import { conformance } from '../src/conformance.ts';
import { drawFor } from '../src/random.ts';

describe('formulas that are read instead of compiled', () => {
  for (const row of functions.values()) {
    if (row.js === undefined) continue;
    for (const dtype of dtypes) {
      test(`${row.name}, ${dtype}`, () => {
        const args = Array.from({ length: row.arity }, (_, i) => input(i));
        const printed = printJs([call(row, args)], dtype);
        const [, text] = /^const t0=(.*);$/s.exec(printed.lines[0]!)!;
        const names = Object.keys(printed.helpers);
        const inputs = args.map((_, i) => `x${i}`);
        const compiled = new Function('F', ...names, ...inputs, `return Number(${text});`) as (...values: unknown[]) => number;
        const formula = readFormula(text!, { variables: new Map(inputs.map((x, i) => [x, i])), functions: printed.helpers });
        const draw = drawFor(`formula/${row.name}/${dtype}`);
        for (let k = 0; k < 40; k++) {
          // Finite and positive: some helpers (gcd, series) do not end for what their ops refuse.
          const values = inputs.map(() => (isFloating(dtype) && k % 2 === 0 ? (draw.below(200) + 1) / 16 : draw.below(7)));
          const attempt = (run: () => number): number | string => {
            try {
              return run();
            } catch (error) {
              return (error as Error).message;
            }
          };
          const want = attempt(() => compiled(Math.fround, ...names.map((n) => printed.helpers[n]), ...values));
          expect(
            attempt(() =>
              formula(
                values.map((v) => [v]),
                0,
              ),
            ),
            `${text} of ${values.join(', ')}`,
          ).toBe(want);
        }
      });
    }
  }

  test('what is no formula is an error that shows it', () => {
    const names = { variables: new Map([['x', 0]]), functions: {} };
    for (const text of ['x +', 'x y', '(x', 'f(x)', 'x = 1', 'Math.nothing(x)', '"a"', 'Math.sin(x', 'y', '']) {
      expect(() => readFormula(text, names), text).toThrow(/^a formula cannot be read without code generation, .*/);
    }
  });
});

for (const wasm of ['auto', 'off'] as const) {
  describe(`conformance where code may not be generated, WebAssembly ${wasm}`, () => {
    let before = 0;
    beforeAll(() => {
      forbidGeneration(true);
      setWasmMode(wasm);
      before = compiledKernels();
    });
    afterAll(() => {
      expect(compiledKernels()).toBe(before);
      forbidGeneration(false);
      setWasmMode('auto');
    });
    for (const { name, run } of conformance(cpu)) test(name, run);

    test('indices are checked', () => {
      expect(() => gather(randn([3, 2]), 0, tensor([[0, 3]], { dtype: 'int64' }))).toThrow(
        'gather: index 3 is out of range for dim 0 of size 3',
      );
    });
  });
}

test('a process that forbids generated code trains', () => {
  const program = `
    import { manualSeed, randn } from '@nabla/core';
    import { Linear, MSELoss, Sequential, Tanh } from '@nabla/nn';
    import { Adam } from '@nabla/optim';
    manualSeed(0);
    const x = randn([64, 2]);
    const y = x.narrow(1, 0, 1).mul(x.narrow(1, 1, 1));
    const model = new Sequential(new Linear(2, 16), new Tanh(), new Linear(16, 1));
    const optimizer = new Adam(model.parameters(), { lr: 0.05 });
    let loss;
    for (let i = 0; i < 60; i++) {
      optimizer.zeroGrad();
      loss = new MSELoss().call(model.call(x), y);
      if (i === 0) console.log(loss.item());
      loss.backward();
      optimizer.step();
    }
    console.log(loss.item());
  `;
  const flags = ['--disallow-code-generation-from-strings', '--conditions=@nabla/source', '--import', 'tsx', '--input-type=module'];
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '-e', program], {
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  });
  const [first, last] = stdout.trim().split('\n').map(Number);
  expect(stderr).toBe('');
  expect(last!).toBeLessThan(first! / 2);
});
