import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');

/** Types that the compiler makes for a program, and what it says of it. */
function compile(name: string): Promise<{ instantiations: number; errors: readonly string[] }> {
  const project = fileURLToPath(new URL(`./fixtures/budget/${name}.json`, import.meta.url));
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [compiler, '-p', project, '--pretty', 'false'], { maxBuffer: 2 ** 24 }, (error, stdout) => {
      const found = /^Instantiations:\s+(\d+)/m.exec(stdout);
      if (found === null) reject(error ?? new Error(`no count in ${stdout}`));
      else resolve({ instantiations: Number(found[1]), errors: stdout.match(/^.*budget\/.*error TS.*$/gm) ?? [] });
    });
  });
}

/**
 * What shapes may cost an editor: type instantiations for a LeNet and a transformer block, beyond those of the library
 * itself. The count is exact and the same on every machine; raise the budget only for types that are worth it.
 */
const budget = 20_000;

it('a LeNet and a transformer block stay within the instantiation budget', { timeout: 120_000 }, async () => {
  const [library, models] = await Promise.all([compile('empty'), compile('models')]);
  expect(models.errors).toEqual([]);
  expect(models.instantiations - library.instantiations).toBeLessThanOrEqual(budget);
  // A program whose shapes had become unknown would cost next to nothing.
  expect(models.instantiations - library.instantiations).toBeGreaterThan(budget / 4);
});
