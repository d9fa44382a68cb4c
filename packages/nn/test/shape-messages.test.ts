import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const fixture = new URL('./fixtures/bad.ts', import.meta.url);
const project = fileURLToPath(new URL('./fixtures/tsconfig.json', import.meta.url));

/** What the compiler says of each program in fixtures/bad.ts: the code and the whole first line. */
const expected: readonly (readonly [code: number, text: string])[] = [
  [2554, 'Expected 3 arguments, but got 1.'],
  argument('Tensor<readonly [5, 4]>', 'matmul [2, 3] @ [5, 4]: inner dimensions 3 and 5 differ'),
  argument('Tensor<readonly [7, 3, 2]>', 'matmul [8, 4, 3] @ [7, 3, 2]: batch dimensions do not broadcast'),
  argument('Tensor<readonly [2, 4]>', 'cannot broadcast [2, 3] with [2, 4]: 3 vs 4 at dimension -1'),
  argument('number[]', 'cannot reshape [2, 3, 4] (24 elements) to [5, 5] (25 elements)'),
  argument('0', 'permute: 2 dims given for [2, 3, 4] of rank 3'),
  argument('0', 'permute: repeated dim in [0, 1, 1]'),
  argument('2', 'dim 2 is out of range for [2, 3] (rank 2)'),
  argument(
    '(Tensor<readonly [2, 4]> | Tensor<readonly [3, 5]>)[]',
    'cat along dim 0: [2, 4] and tensor 1 of shape [3, 5] differ at dimension 1',
  ),
  argument('Tensor<readonly [32, 100]>', 'Linear(784, 10) expects [..., 784] but the input is [32, 100]'),
  argument('Tensor<readonly [32, 1, 28, 28]>', 'Conv2d(3, 16) expects [N, 3, H, W] but the input is [32, 1, 28, 28]'),
  argument('Tensor<readonly [32, 10, 256]>', 'LayerNorm([512]) expects trailing dimensions [512] but the input is [32, 10, 256]'),
  argument('Linear<64, 10>', 'Linear(64, 10) expects [..., 64] but the input is [..., 128]'),
  argument('Tensor<readonly [32, 1, 28, 28]>', 'Linear(512, 10) expects [..., 512] but the input is [32, 2304]'),
  [2322, "Type 'Tensor<readonly [32, 12]>' is not assignable to type 'Tensor<readonly [32, 10]>'."],
];

function argument(type: string, message: string): readonly [number, string] {
  return [2345, `Argument of type '${type}' is not assignable to parameter of type '"✗ ${message}"'.`];
}

/** Programs that nothing is wrong with at run time: a type that was stated is wrong. */
const harmless = [0, 12, 14];

interface Diagnostic {
  readonly line: number;
  readonly code: number;
  readonly text: string;
}

/** What the compiler says of the fixture. The packages that it imports are not checked, only what it uses of them. */
function compile(): Diagnostic[] {
  const refuse = (d: ts.Diagnostic): never => {
    throw new Error(ts.flattenDiagnosticMessageText(d.messageText, ' '));
  };
  const { errors, fileNames, options } = ts.getParsedCommandLineOfConfigFile(
    project,
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: refuse },
  )!;
  errors.forEach(refuse);
  const program = ts.createProgram(fileNames, options);
  const file = program.getSourceFile(fileURLToPath(fixture))!;
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(({ start, code, messageText }) => ({
    line: file.getLineAndCharacterOfPosition(start!).line + 1,
    code,
    text: ts.flattenDiagnosticMessageText(messageText, '\n').split('\n')[0]!,
  }));
}

describe('programs whose shapes do not fit', () => {
  it('are rejected by the compiler, each with one line that says why', { timeout: 120_000 }, () => {
    const lines = readFileSync(fixture, 'utf8').split('\n');
    const first = lines.findIndex((l) => l.startsWith('export const programs')) + 2;
    expect(compile()).toEqual(expected.map(([code, text], i) => ({ line: first + i, code, text })));
  });

  it('fail at run time with the same words', async () => {
    const { programs } = (await import(fixture.href)) as { programs: readonly (() => unknown)[] };
    expect(programs).toHaveLength(expected.length);
    programs.forEach((run, i) => {
      if (harmless.includes(i)) {
        run();
        return;
      }
      const [, message] = /"✗ (.*)"/.exec(expected[i]![1])!;
      let thrown: unknown;
      try {
        run();
      } catch (error) {
        thrown = error;
      }
      // The op's name may come first, and the module's path last.
      const text = (thrown as Error | undefined)?.message.replace(/^(add|reshape|sum): /, '').replace(/ \(in .*\)$/, '');
      expect(text).toBe(message);
    });
  });
});
