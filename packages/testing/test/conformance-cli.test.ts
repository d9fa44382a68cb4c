import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A backend in a package outside of the repository, which has nothing installed. */
const source = `
import { SimulatedDevice } from '@nabla/testing';
export const lazy = async () => new SimulatedDevice({ declines: (request) => (request === 'matmul' ? 'no matmul' : null) });
export const options = { skip: [{ match: /no such test/, reason: 'none', since: '2026-11-30' }] };
`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nabla-backend-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(folder, 'backend.ts'), source);
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]): { status: number | null; out: string; error: string } {
  const node = ['--conditions=@nabla/source', '--import', 'tsx', 'packages/testing/src/conformance-cli.ts'];
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, ...args], { cwd: root, encoding: 'utf8' });
  return { status, out: stdout, error: stderr };
}

test('the suite runs on a backend outside of the repository, with its options', () => {
  const only = '^contract: matmul.*(1, 1.*float32)|^contract: fill with bool|^every exemption';
  const { status, out } = run(join(folder, 'backend.ts'), '--export', 'lazy', '--only', only);
  expect(out.trim().split('\n')).toEqual([
    expect.stringMatching(/^contract: matmul, .*float32: .*ran on the CPU 1 times; so far: matmul \(no matmul\) 1x$/),
    'every exemption is dated and matches a test: no test matches /no such test/',
    'a device simulated on the CPU (cpu), 0 kernels',
    'on the CPU: matmul, 1 times: no matmul',
    '3 tests, 2 failed',
  ]);
  expect(status).toBe(1);
}, 120_000);

test('a mistake is one line and the usage', () => {
  const { status, error } = run(join(folder, 'backend.ts'));
  expect(error).toMatch(/backend\.ts exports no 'backend'\nusage: npm run conformance -- FILE/);
  expect(status).toBe(2);
}, 120_000);
