import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { candidates, remedy } from '../src/candidates.ts';

/** A program in a process of its own, with a module that says it is koffi. */
function run(koffi: string): { lines: string[]; result: Record<string, unknown> } {
  const register = new URL('without/register.mjs', import.meta.url);
  register.search = encodeURIComponent(koffi);
  const program = fileURLToPath(new URL('without/program.ts', import.meta.url));
  const args = ['--conditions=@nabla/source', '--import', 'tsx', '--import', register.href, program];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 100_000 });
  expect(`${stderr}, exit ${status}`).toMatch(/, exit 0$/);
  return { lines: stderr.trimEnd().split('\n'), result: JSON.parse(stdout) as Record<string, unknown> };
}

const start = '@nabla/backend-native: no BLAS library here, matrix products stay in WebAssembly (';
const end = `); ${remedy(process.platform)}`;

test.each([
  [
    'the loader of the system finds none of the names',
    "export const load = (path) => { throw new Error(path + ': cannot open shared object file\\nand more'); };",
    candidates(process.platform)
      .map((name) => `${name}: ${name}: cannot open shared object file`)
      .join('; '),
  ],
  [
    'koffi has no binary, as after npm install --omit=optional',
    "throw new Error('Cannot find the native Koffi module\\nfor this system');",
    'koffi, which calls libraries, cannot be loaded: Cannot find the native Koffi module',
  ],
])('%s: one line, and WebAssembly computes as before', { timeout: 120_000 }, (_, koffi, why) => {
  const { lines, result } = run(koffi);
  expect(lines).toEqual([`${start}${why}${end}`]);
  expect(result).toEqual({ found: null, device: 'WebAssembly on the CPU', worst: expect.any(Number), same: true, disabled: false });
  expect(result['worst']).toBeLessThan(1e-4);
});
