import type { BenchRequest } from '../bridge.ts';
import { type GpuReport, type GpuRow, gpuCells, gpuColumns, gpuFacts, gpuWarnings } from '../table.ts';
import { gpuWorkloads } from '../workloads.ts';
import { fullSettings, measure, quickSettings } from './measure.ts';
import { nablaCpu, nablaGpu } from './nabla.ts';
import { tfjsWebGl } from './tfjs.ts';

/** The version of Nabla; the build puts it in. */
declare const NABLA_VERSION: string;

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

function rowOf(texts: readonly string[], tag: 'td' | 'th'): HTMLTableRowElement {
  const tr = document.createElement('tr');
  tr.append(
    ...texts.map((text) => {
      const cell = document.createElement(tag);
      cell.textContent = text;
      return cell;
    }),
  );
  return tr;
}

function paragraphs(tag: string, texts: readonly string[]): HTMLElement[] {
  return texts.map((text) => {
    const p = document.createElement(tag);
    p.textContent = text;
    return p;
  });
}

function show(report: GpuReport): void {
  element('facts').replaceChildren(...paragraphs('li', gpuFacts(report)));
  element('warnings').replaceChildren(...paragraphs('p', gpuWarnings(report)));
  const rows = report.rows.map((row) => rowOf(gpuCells(row, report.contenders), 'td'));
  element('table').replaceChildren(rowOf(gpuColumns(report.contenders), 'th'), ...rows);
}

async function run({ mode, only, quick }: BenchRequest): Promise<GpuReport> {
  const contenders = [await nablaGpu(NABLA_VERSION, mode), nablaCpu(NABLA_VERSION), await tfjsWebGl()];
  const rows: GpuRow[] = [];
  const report: GpuReport = { host: null, browser: navigator.userAgent, quick, contenders: contenders.map((c) => c.facts), rows };
  const tell = (): void => {
    show(report);
    window.nablaReport?.(report);
  };
  tell();
  for (const w of gpuWorkloads(only, quick)) {
    element('status').textContent = w.name;
    rows.push(await measure(w, contenders, quick ? quickSettings : fullSettings));
    tell();
  }
  return report;
}

window.nablaBench = run;
const button = element<HTMLButtonElement>('run');
button.addEventListener('click', () => {
  button.disabled = true;
  const mode = element<HTMLSelectElement>('mode').value as BenchRequest['mode'];
  run({ mode, only: [], quick: element<HTMLInputElement>('quick').checked })
    .then(
      () => 'done',
      (error: Error) => error.message,
    )
    .then((status) => {
      element('status').textContent = status;
      button.disabled = false;
    });
});
