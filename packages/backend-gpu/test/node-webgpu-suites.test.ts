import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { hostReason } from '@nabla/core/internals';
import { describe, expect, test } from 'vitest';

/** Chromium brings a Vulkan driver in software; with it, WebGPU works in Node on machines without a graphics card. */
const driver = '/usr/lib/chromium/vk_swiftshader_icd.json';
/** With `WHOLE=1` every record is replayed, which takes some minutes; else one in so many. */
const whole = process.env['WHOLE'] === '1';
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Runs a program of the testing package to its end in a process of its own, and gives what it printed. */
async function run(program: string, ...args: string[]): Promise<string[]> {
  const node = ['--conditions=@nabla/source', '--import', 'tsx', `packages/testing/src/${program}`];
  const done = promisify(execFile)(process.execPath, [...node, ...args], { cwd: root, maxBuffer: 2 ** 26 });
  // It exits with 1 when a case failed, and has printed which.
  const { stdout } = await done.catch((error: { readonly stdout: string }) => error);
  return stdout.trim().split('\n');
}

describe.runIf(existsSync(driver))('WebGPU in Node', () => {
  test("PyTorch's records", { timeout: 1_200_000 }, async () => {
    const lines = await run('reference/cli.ts', 'packages/testing/fixtures/pytorch', '--backend', 'gpu', '--every', whole ? '1' : '16');
    expect(lines.at(-1)).toMatch(/^device: .*swiftshader.*, mode webgpu, \d+ kernels of WebGPUKernel$/i);
    expect(lines.filter((line) => line.startsWith('  failed'))).toEqual([]);
    expect(lines.filter((line) => line.startsWith('on the CPU') && !line.endsWith(hostReason))).toEqual([]);
    const families = lines.flatMap((line) => {
      const found = /^(\w+): (\d+) passed, (\d+) failed, (\d+) skipped, \d+ of dtypes that it has not \((\d+) cases\)$/.exec(line);
      return found === null ? [] : [{ family: found[1]!, passed: +found[2]!, failed: +found[3]!, skipped: +found[4]!, cases: +found[5]! }];
    });
    expect(families.map((f) => f.family)).toContain('train');
    for (const { family, passed, failed, skipped, cases } of families) {
      expect(failed, family).toBe(0);
      expect(passed, family).toBeGreaterThan(0);
      expect(skipped, family).toBeLessThanOrEqual(Math.floor(cases * 0.05));
    }
  });

  test('the whole conformance suite', { timeout: 2_400_000 }, async () => {
    const lines = await run('conformance-cli.ts', 'packages/testing/src/backends.ts', '--export', 'openGpu');
    expect(lines.find((line) => line.includes('(webgpu)'))).toMatch(/swiftshader.* \(webgpu\), \d+ kernels/i);
    expect(lines.slice(-40).join('\n')).toMatch(/\n\d{4,} tests, 0 failed$/);
  });
});
