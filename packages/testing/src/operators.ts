import { type Backend, DeviceError, type DType, grad, ones, scope, setDefaultBackend, type Tensor } from '@nabla/core';
import { cpu, dtypes, hostReason, isFloating } from '@nabla/core/internals';
import { elementwiseSamples, opSamples } from '../../core/src/ops/index.samples.ts';
import { type Case, expandOps, isEmpty, outputsOf } from './cases.ts';
import { expandElementwise } from './elementwise.ts';
import { argumentOf, leafOf } from './inputs.ts';
import { SimulatedDevice } from './simulated-device.ts';

/** What one op can do, found by running its samples. */
interface OperatorFacts {
  readonly op: string;
  /** dtypes of its (main) operands with which a sample of it runs. */
  readonly dtypes: ReadonlySet<DType>;
  /** Gradients: of every order, of the first only, or none. */
  readonly gradients: 'every order' | 'first' | 'none';
  /** Where it runs when its tensors are on a device: there, on the CPU and counted, or not at all. */
  readonly device: 'device' | 'CPU, counted' | 'CPU tensors only';
}

/** Values as numbers that a dtype holds. */
function held(values: readonly number[], dtype: DType): number[] {
  if (isFloating(dtype)) return [...values];
  if (dtype === 'bool') return values.map((v) => (v > 0 ? 1 : 0));
  return values.map((v) => (dtype === 'uint8' ? Math.abs(Math.trunc(v)) : Math.trunc(v)));
}

/** Runs a case with inputs of the dtypes that `as` makes of its own. */
function runIn(
  c: Case,
  device: Backend,
  as: (own: DType) => DType,
  requiresGrad: boolean,
): { leaves: Tensor[]; outputs: readonly Tensor[] } {
  const leaves = c.inputs.map((x) => leafOf(x, { device, dtype: as(x.dtype), requiresGrad, values: held(x.values, as(x.dtype)) }));
  return { leaves, outputs: outputsOf(c.run(...c.inputs.map((x, i) => argumentOf(x, leaves[i]!)))) };
}

/** Whether a case runs with its floating operands (all, where it has none) in another dtype. */
function runs(c: Case, dtype: DType): boolean {
  const floating = c.inputs.some((x) => isFloating(x.dtype));
  try {
    runIn(c, cpu, (own) => (!floating || isFloating(own) ? dtype : own), false);
    return true;
  } catch {
    return false;
  }
}

function gradientsOf(cases: readonly Case[]): OperatorFacts['gradients'] {
  let best: OperatorFacts['gradients'] = 'none';
  for (const c of cases) {
    if (!c.differentiable || best === 'every order') continue;
    const { leaves, outputs } = runIn(c, cpu, (own) => own, true);
    const flowing = outputs.filter((t) => t.requiresGrad);
    if (flowing.length === 0) continue;
    const seeds = flowing.map((t) => (ones(t.shape, { dtype: t.dtype }) as Tensor).requiresGrad_(true));
    const wanted = leaves.filter((t) => t.requiresGrad);
    const found = grad(flowing, wanted, { gradOutputs: seeds, createGraph: true, allowUnused: true }) as readonly (Tensor | null)[];
    const some = found.filter((g) => g !== null);
    if (some.some((g) => g.requiresGrad)) best = 'every order';
    else if (some.length > 0) best = 'first';
  }
  return best;
}

function deviceOf(cases: readonly Case[]): OperatorFacts['device'] {
  const able = cases.filter((c) => !c.hostOnly);
  if (able.length === 0) return 'CPU tensors only';
  const device = new SimulatedDevice();
  const before = setDefaultBackend(device);
  let refused = 0;
  try {
    for (const c of able) {
      try {
        const outputs = scope(() => runIn(c, device, (own) => (own === 'float64' ? 'float32' : own), false).outputs.map((t) => t.detach()));
        for (const t of outputs) t.dispose();
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        refused++;
      }
    }
  } finally {
    setDefaultBackend(before);
  }
  if (refused === able.length) return 'CPU tensors only';
  return device.report().fallbacks.some((f) => f.reason === hostReason) ? 'CPU, counted' : 'device';
}

function groupBy(cases: readonly Case[]): Map<string, Case[]> {
  const groups = new Map<string, Case[]>();
  for (const c of cases) {
    // A second list of samples of an op has words after its name.
    const op = c.op.split(' ')[0]!;
    const group = groups.get(op);
    if (group === undefined) groups.set(op, [c]);
    else group.push(c);
  }
  return groups;
}

/** The facts of every op that has samples, in the order of their names. */
function operatorFacts(): OperatorFacts[] {
  const cases = [...expandOps(opSamples), ...elementwiseSamples.flatMap(expandElementwise)].filter(
    (c) => c.variant !== 'transposed' && !isEmpty(c),
  );
  const byOp = groupBy(cases);
  return [...byOp.keys()]
    .sort((a, b) => a.localeCompare(b, 'en'))
    .map((op) => {
      const own = byOp.get(op)!;
      return {
        op,
        dtypes: new Set(dtypes.filter((d) => own.some((c) => runs(c, d)))),
        gradients: gradientsOf(own),
        device: deviceOf(own.filter((c) => c.variant !== 'broadcast')),
      };
    });
}

const columns: readonly DType[] = ['float32', 'float64', 'int64', 'int32', 'uint8', 'bool'];

/** The table of `docs/operators.md`. */
function operatorsTable(facts: readonly OperatorFacts[] = operatorFacts()): string {
  const head = ['Operator', ...columns, 'Gradients', 'On a device'];
  const rows = facts.map((f) => [`\`${f.op}\``, ...columns.map((d) => (f.dtypes.has(d) ? 'yes' : '')), f.gradients, f.device]);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const introduction = `# Operators

Generated by \`npm run docs:operators\` from what happens when the samples of each operator are run; do not edit.

- **dtypes**: those of the main operands with which a sample runs on the CPU. Others are a \`DTypeError\`.
- **Gradients**: "every order" means that the gradient can itself be differentiated, and so on; checked against differences in float64 for the first and the second.
- **On a device**: "device" ops are made of the kernels that every backend has. "CPU, counted" ops run on the CPU for tensors of any device, and \`report()\` counts them. "CPU tensors only" ops need float64 or exact integers, or have results whose shape depends on values.
`;

/** The whole of \`docs/operators.md\`. */
export function operatorsPage(): string {
  const facts = operatorFacts();
  return `${introduction}\n${facts.length} operators.\n\n${operatorsTable(facts)}\n`;
}
