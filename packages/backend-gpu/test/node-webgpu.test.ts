import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BackendReport } from '@nabla/core';
import { describe, expect, test } from 'vitest';

/** Chromium brings a Vulkan driver in software; with it, WebGPU works in Node on machines without a graphics card. */
const driver = '/usr/lib/chromium/vk_swiftshader_icd.json';

interface Printed {
  readonly report: BackendReport;
  readonly classes: readonly string[];
  readonly values: readonly number[];
  readonly readError: string;
}

/** The same ten steps of gradient descent in float64. */
function expected(): number[] {
  const x = [
    [0.5, -1],
    [2, 1],
    [-0.25, 3],
  ];
  const y = [1, -1, 2];
  let w = [0.1, -0.2];
  return Array.from({ length: 10 }, () => {
    const error = x.map((row, i) => row[0]! * w[0]! + row[1]! * w[1]! - y[i]!);
    w = w.map((v, j) => v - (0.1 * 2 * error.reduce((s, e, i) => s + e * x[i]![j]!, 0)) / 3);
    return error.reduce((s, e) => s + e * e, 0) / 3;
  });
}

describe.runIf(existsSync(driver))('WebGPU in Node', () => {
  test('trains on the device with nothing on the CPU, and is read asynchronously', async () => {
    const script = fileURLToPath(new URL('./webgpu-in-node.ts', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@nabla/source', '--import', 'tsx', script], {
      env: { ...process.env, VK_ICD_FILENAMES: driver },
    });
    const printed = JSON.parse(stdout.trim().split('\n').at(-1)!) as Printed;
    expect(printed.classes).toEqual(['WebGPUKernel']);
    expect(printed.report).toMatchObject({ backend: 'gpu', mode: 'webgpu', fallbacks: [] });
    expect(printed.report.device).toMatch(/swiftshader/i);
    expect(printed.readError).toMatch(/await t\.data\(\)/);
    const want = expected();
    expect(printed.values).toHaveLength(10);
    printed.values.forEach((v, i) => {
      expect(Math.abs(v - want[i]!)).toBeLessThan(1e-5 * want[i]!);
    });
    expect(want[9]!).toBeLessThan(want[0]! / 2);
  });
});
