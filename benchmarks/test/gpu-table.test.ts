import { describe, expect, it } from 'vitest';
import {
  cpuRenderer,
  type GpuContender,
  type GpuReport,
  type GpuRow,
  gpuCells,
  gpuColumns,
  gpuFacts,
  gpuJson,
  gpuMarkdown,
  gpuWarnings,
  isSoftware,
  ratiosOf,
  voidReason,
} from '../src/gpu/table.ts';
import { summarize } from '../src/statistics.ts';

const card = 'ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0, D3D11)';
const swiftShader = 'ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)';

function contender(id: string, label: string, renderer: string, reason: string | null = null): GpuContender {
  return { id, label, version: '1.2', renderer, details: ['webgl2'], reason };
}

const on = (own: string, peer: string): readonly GpuContender[] => [
  contender('own', 'Nabla GPU', own),
  contender('cpu', 'Nabla CPU', cpuRenderer),
  contender('peer', 'Peer', peer),
];
const contenders = on(card, card);

const row: GpuRow = {
  workload: 'exp 1e6',
  shapes: '1000000',
  cells: { own: { time: summarize([1, 2, 3]) }, cpu: { time: summarize([8]) }, peer: { reason: 'no kernel' } },
  disagreements: [],
  elsewhere: [],
};

const report: GpuReport = { host: null, browser: 'A browser', quick: true, contenders, rows: [row] };

describe('a row', () => {
  it('has our median as a part of each peer that was measured, and the reason of others', () => {
    expect(ratiosOf(row, contenders)).toEqual({ cpu: 0.25 });
    expect(gpuColumns(contenders)).toEqual(['workload', 'Nabla GPU / Nabla CPU', 'Nabla GPU / Peer']);
    expect(gpuCells(row, contenders)).toEqual(['exp 1e6', '0.250×', 'none: no kernel']);
  });

  it('is void where results differ: both numbers, no ratios', () => {
    const wrong = { ...row, disagreements: [{ peer: 'peer', what: 'loss of round 1', own: 0.5, theirs: 0.75 }] };
    expect(ratiosOf(wrong, contenders)).toEqual({});
    expect(gpuCells(wrong, contenders)).toEqual(['exp 1e6', 'void: loss of round 1: Nabla GPU 0.5, Peer 0.75', '']);
  });

  it('is void where work ran elsewhere', () => {
    const fell = { ...row, elsewhere: ['matmul 2 times on the CPU (too large)'] };
    expect(voidReason(fell, contenders)).toBe('not all ran on the device: matmul 2 times on the CPU (too large)');
    expect(ratiosOf(fell, contenders)).toEqual({});
  });

  it('says why there is no time of ours, and who took no part', () => {
    const failed = { ...row, cells: { ...row.cells, own: { reason: 'context lost' } } };
    expect(gpuCells(failed, contenders)).toEqual(['exp 1e6', 'none: context lost', '']);
    const { own, cpu } = row.cells as { own: GpuRow['cells'][string]; cpu: GpuRow['cells'][string] };
    expect(gpuCells({ ...row, cells: { own, cpu } }, contenders)).toEqual(['exp 1e6', '0.250×', 'none: takes no part']);
  });
});

describe('the device', () => {
  it.each([
    [swiftShader, true],
    ['llvmpipe (LLVM 15.0.6, 256 bits)', true],
    ['google swiftshader', true],
    ['ANGLE (Microsoft, Microsoft Basic Render Driver (0x0000008C) Direct3D11)', true],
    [card, false],
    ['Apple M2', false],
    [cpuRenderer, false],
  ])('%s: a program on the processor? %s', (renderer, expected) => {
    expect(isSoftware(renderer)).toBe(expected);
  });

  it('is named for every contender', () => {
    const gone = { ...report, contenders: [...contenders, contender('gone', 'Gone', '', 'there is no webgpu here')] };
    expect(gpuFacts(gone)).toEqual([
      'A browser',
      `Nabla GPU 1.2; ${card}; webgl2`,
      'Nabla CPU 1.2; no renderer; webgl2',
      `Peer 1.2; ${card}; webgl2`,
      'Gone takes no part: there is no webgpu here',
    ]);
  });

  it('needs no warning when it is a card, and a plain one when it is not', () => {
    expect(gpuWarnings(report)).toEqual([]);
    const [warning, ...others] = gpuWarnings({ ...report, contenders: on(swiftShader, swiftShader) });
    expect(warning).toMatch(/^The renderer is a program on the processor \(ANGLE .*SwiftShader driver\)\)\. No graphics card was measured/);
    expect(others).toEqual([]);
  });

  it('is told together with the machine, and how busy that was', () => {
    const quiet = { ...report, host: { name: 'A processor, 2 cores', load: null } };
    expect(gpuFacts(quiet).slice(0, 2)).toEqual(['A processor, 2 cores', 'A browser']);
    expect(gpuWarnings(quiet)).toEqual([]);
    expect(gpuWarnings({ ...report, host: { name: '', load: 3.14 } })).toEqual([
      'The machine was busy (load 3.1): the ratios change from run to run; do not trust them.',
    ]);
  });

  it('has to be of one kind', () => {
    expect(gpuWarnings({ ...report, contenders: on(card, swiftShader) })).toEqual([
      expect.stringMatching(/^The renderer is a program/),
      'Not all contenders ran on the same kind of renderer: do not compare them.',
    ]);
  });
});

describe('files', () => {
  it('Markdown has facts, warnings and ratios, and no times', () => {
    const text = gpuMarkdown({ ...report, contenders: on(swiftShader, swiftShader) });
    expect(text).toContain(`- Nabla GPU 1.2; ${swiftShader}; webgl2`);
    expect(text).toContain('No graphics card was measured');
    expect(text).toContain(
      '| workload | Nabla GPU / Nabla CPU | Nabla GPU / Peer |\n| --- | --- | --- |\n| exp 1e6 | 0.250× | none: no kernel |\n',
    );
    expect(text).not.toMatch(/\d ms|µs/);
  });

  it('JSON has times, ratios, warnings and verdicts', () => {
    const json = JSON.parse(gpuJson(report)) as { rows: { ratios: unknown; void: unknown; cells: unknown }[]; warnings: unknown };
    expect(json.warnings).toEqual([]);
    expect(json.rows[0]).toMatchObject({ ratios: { cpu: 0.25 }, void: null, cells: { own: { time: { median: 2 } } } });
  });
});
