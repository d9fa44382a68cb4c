import { grad, isTensor, NablaError, type Tensor, zerosLike } from '@nabla/core';
import * as nn from '@nabla/nn';
import { camelCased, difference, flatRefs, flatTensors, type Golden, isReference, type Json, Mismatch, type TensorRef } from '../golden.ts';
import type { GradRef } from './case.ts';
import { forwards, modules } from './module-rows.ts';

type Kwargs = { readonly [key: string]: Json };

interface RecordedError {
  readonly type: string;
  readonly message: string;
}

interface Step {
  readonly mode: 'train' | 'eval';
  readonly inputs: readonly Json[];
  readonly kwargs?: Kwargs;
  readonly out?: Json;
  readonly grad_out?: readonly (TensorRef | null)[];
  readonly input_grads?: readonly GradRef[];
  readonly param_grads?: Readonly<Record<string, TensorRef | null>>;
  readonly state_changes?: Readonly<Record<string, TensorRef>>;
  readonly error?: RecordedError;
}

/** One recorded module: how it is built and what its calls give; see fixtures/pytorch/FORMAT.md. */
export interface ModuleCase {
  readonly id: string;
  readonly module: string;
  readonly dtype: 'f32' | 'f64';
  readonly init: {
    readonly args?: readonly Json[];
    readonly kwargs?: Kwargs;
    readonly layers?: readonly { readonly module: string; readonly args?: readonly Json[]; readonly kwargs?: Kwargs }[];
  };
  readonly construct_error?: RecordedError;
  readonly state: Readonly<Record<string, TensorRef>>;
  readonly steps: readonly Step[];
}

type Constructor = new (...args: unknown[]) => nn.Module;

/** Arguments of PyTorch by the names of its parameters, as they are written here: positional ones, then options. */
function written(row: string, args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>): unknown[] {
  const [first, second] = row.split('|').map((part) => part.split(/\s+/).filter((w) => w !== '')) as [string[], string[]?];
  const names = [...first, ...(second ?? [])];
  const bound = new Map<string, unknown>(args.map((value, i) => [names[i] ?? `argument ${i}`, value]));
  for (const [name, value] of Object.entries(kwargs)) bound.set(name, value);
  const own: unknown[] = first.map((name) => bound.get(name));
  // Python's None is an option that is not given, but for the momentum, where it asks for the average.
  const given = [...bound].filter(([name, value]) => !first.includes(name) && (value !== null || name === 'momentum'));
  const options = camelCased(Object.fromEntries(given));
  if (Object.keys(options).length > 0) return [...own, options];
  while (own.length > 0 && own[own.length - 1] === undefined) own.pop();
  return own;
}

function construct(golden: Golden<ModuleCase>, module: string, args: readonly Json[], kwargs: Kwargs): nn.Module {
  const make = (nn as unknown as Record<string, Constructor | undefined>)[module];
  const row = modules[module];
  if (make === undefined || row === undefined) throw new Mismatch(`there is no ${module}`);
  const value = (v: Json): unknown =>
    isModuleRef(v) ? construct(golden, v.$module.module, v.$module.args, v.$module.kwargs) : golden.decode(v);
  return new make(...written(row, args.map(value), Object.fromEntries(Object.entries(kwargs).map(([k, v]) => [k, value(v)]))));
}

/** A module among the arguments of another one. */
interface ModuleRef {
  readonly $module: { readonly module: string; readonly args: readonly Json[]; readonly kwargs: Kwargs };
}

function isModuleRef(value: unknown): value is ModuleRef {
  return typeof value === 'object' && value !== null && '$module' in value;
}

function build(golden: Golden<ModuleCase>, c: ModuleCase): nn.Module {
  const layers = c.init.layers?.map((l) => construct(golden, l.module, l.args ?? [], l.kwargs ?? {}));
  if (layers !== undefined) return new nn.Sequential(...(layers as never[]));
  return construct(golden, c.module, c.init.args ?? [], c.init.kwargs ?? {});
}

interface PackedRef {
  readonly input: TensorRef;
  readonly lengths: readonly number[];
  readonly batch_first: boolean;
  readonly enforce_sorted: boolean;
}

/** Inputs with packed sequences packed; the gradient of one is that of its padded input. */
function decodeInput(golden: Golden<ModuleCase>, value: Json, path: string, leaves: Map<string, Tensor>): unknown {
  if (typeof value === 'object' && value !== null && '$packed' in value) {
    const { input, lengths, batch_first, enforce_sorted } = (value as unknown as { readonly $packed: PackedRef }).$packed;
    const padded = golden.tensor(input);
    leaves.set(path, padded);
    const given = isReference(lengths) ? golden.load(lengths.$t) : lengths;
    return nn.packPaddedSequence(padded, given, { batchFirst: batch_first, enforceSorted: enforce_sorted });
  }
  if (Array.isArray(value)) return value.map((v: Json, i) => decodeInput(golden, v, `${path}.${i}`, leaves));
  return golden.decode(value, { leaves, path });
}

interface PackedOut {
  readonly data: TensorRef;
  readonly batch_sizes: TensorRef | readonly number[];
  readonly sorted_indices: TensorRef | readonly number[] | null;
  readonly unsorted_indices: TensorRef | readonly number[] | null;
  readonly padded?: TensorRef;
  readonly lengths?: TensorRef | readonly number[];
}

/** Compares numbers in a tensor, a list or nothing with those in a reference, a list or nothing. */
function compareNumbers(
  golden: Golden<ModuleCase>,
  what: string,
  got: Tensor | readonly number[] | null,
  ref: TensorRef | readonly number[] | null,
): void {
  const want = isReference(ref) ? Array.from(golden.load(ref.$t).dataSync()) : ref;
  const check = (numbers: readonly number[] | null): void => {
    if (numbers?.join() !== want?.join()) throw new Mismatch(`${what} ${numbers?.join() ?? 'none'}, expected ${want?.join() ?? 'none'}`);
  };
  if (isTensor(got)) golden.read(got, (values) => check(Array.from(values.dataSync())));
  else check(got);
}

/** The tensors of a result in order, compared with what was recorded. */
function compareOutput(golden: Golden<ModuleCase>, got: unknown, want: Json, what: string): Tensor[] {
  if (typeof want === 'object' && want !== null && '$packed_out' in want) {
    const ref = (want as unknown as { readonly $packed_out: PackedOut }).$packed_out;
    if (!(got instanceof nn.PackedSequence)) throw new Mismatch(`${what}: no packed sequence`);
    for (const [name, a, b] of [
      ['batch sizes', got.batchSizes, ref.batch_sizes],
      ['sorted indices', got.sortedIndices, ref.sorted_indices],
      ['unsorted indices', got.unsortedIndices, ref.unsorted_indices],
    ] as const) {
      compareNumbers(golden, `${what}: ${name}`, a, b);
    }
    const data = compareOutput(golden, got.data, ref.data as unknown as Json, `${what}, data`);
    if (ref.padded !== undefined) comparePadded(golden, got, ref, what);
    return data;
  }
  if (Array.isArray(want)) {
    const parts: unknown[] = Array.isArray(got) ? got : typeof got === 'object' && got !== null && !isTensor(got) ? Object.values(got) : [];
    if (parts.length !== want.length) throw new Mismatch(`${what}: ${parts.length} parts, expected ${want.length}`);
    return want.flatMap((w: Json, i) => compareOutput(golden, parts[i], w, `${what}[${i}]`));
  }
  if (want === null) {
    if (got !== null && got !== undefined) throw new Mismatch(`${what}: ${String(got)}, expected nothing`);
    return [];
  }
  const [ref] = flatRefs(want);
  const [t] = flatTensors(got);
  if (ref === undefined || t === undefined) throw new Mismatch(`${what}: ${String(got)} is no tensor`);
  golden.compare(what, t, ref);
  return [t];
}

function comparePadded(golden: Golden<ModuleCase>, got: nn.PackedSequence, ref: PackedOut, what: string): void {
  const want = golden.load(ref.padded!.$t);
  const forms = [false, true].map((batchFirst) => nn.padPackedSequence(got, { batchFirst }));
  const found: (string | null)[] = [];
  for (const [padded] of forms) {
    golden.read(padded, (values) => {
      found.push(difference(values, want, ref.padded!.n));
      if (found.length === forms.length && !found.includes(null)) throw new Mismatch(`${what}, padded: ${found[0]}`);
    });
  }
  if (ref.lengths !== undefined) compareNumbers(golden, `${what}: lengths`, forms[0]![1], ref.lengths);
}

/** A call that must be refused with an error of the library's. */
function refused(what: string, error: RecordedError, run: () => unknown): void {
  let thrown: unknown;
  try {
    run();
  } catch (e) {
    if (e instanceof Mismatch) throw e;
    thrown = e;
  }
  if (thrown === undefined) throw new Mismatch(`${what}: no error, expected ${error.type}: ${error.message}`);
  if (!(thrown instanceof NablaError))
    throw new Mismatch(`${what}: an untyped error, ${String(thrown)}; expected ${error.type}: ${error.message}`);
}

function compareGradients(
  golden: Golden<ModuleCase>,
  m: nn.Module,
  s: Step,
  outputs: readonly Tensor[],
  leaves: ReadonlyMap<string, Tensor>,
): void {
  const flowing = s.grad_out!.flatMap((r, i) =>
    r === null || !outputs[i]!.requiresGrad ? [] : [{ t: outputs[i]!, g: golden.input(r.$t) }],
  );
  const parameters = new Map<string, Tensor>(m.namedParameters());
  const targets = [
    ...(s.input_grads ?? []).map((r) => ({ name: r.path, t: leaves.get(r.path), want: r.none === true ? null : r })),
    ...Object.entries(s.param_grads ?? {}).map(([name, want]) => ({ name, t: parameters.get(name), want })),
  ];
  for (const { name, t } of targets) if (t === undefined) throw new Mismatch(`there is no ${name}`);
  const got =
    flowing.length === 0
      ? targets.map(() => null)
      : grad(
          flowing.map((f) => f.t),
          targets.map((x) => x.t!),
          { gradOutputs: flowing.map((f) => f.g), allowUnused: true },
        );
  targets.forEach(({ name, want }, i) => {
    const g = got[i] ?? null;
    if (want === null) {
      if (g === null) return;
      golden.read(g, (values) => {
        if (values.dataSync().some((v) => v !== 0)) throw new Mismatch(`gradient of ${name}: not zero, expected none`);
      });
    } else golden.compare(`gradient of ${name}`, g ?? zerosLike(golden.load(want.$t)), want);
  });
}

/** Calls the module as a step says; its inputs are collected in `leaves`. */
function callStep(golden: Golden<ModuleCase>, c: ModuleCase, m: nn.Module, s: Step, leaves: Map<string, Tensor>): unknown {
  m.train(s.mode === 'train').zeroGrad();
  const inputs = s.inputs.map((v, i) => decodeInput(golden, v, `inputs.${i}`, leaves));
  const kwargs = Object.fromEntries(Object.entries(s.kwargs ?? {}).map(([k, v]) => [k, decodeInput(golden, v, `kwargs.${k}`, leaves)]));
  const row = forwards[c.module];
  if (row === undefined && Object.keys(kwargs).length > 0) throw new Mismatch(`${c.module} takes no ${Object.keys(kwargs).join(', ')}`);
  return (m as unknown as { call(...args: unknown[]): unknown }).call(...(row === undefined ? inputs : written(row, inputs, kwargs)));
}

function replayStep(golden: Golden<ModuleCase>, c: ModuleCase, m: nn.Module, s: Step): void {
  if (s.error !== undefined) {
    refused('the call', s.error, () => callStep(golden, c, m, s, new Map()));
    return;
  }
  const leaves = new Map<string, Tensor>();
  const outputs = compareOutput(golden, callStep(golden, c, m, s, leaves), s.out!, 'output');
  if (s.grad_out !== undefined) compareGradients(golden, m, s, outputs, leaves);
  const state = m.stateDict();
  for (const [name, r] of Object.entries(s.state_changes ?? {})) golden.compare(`state ${name}`, state.get(name)!, r);
}

/** Replays one recorded module; throws {@link Mismatch}. */
export function replayModule(golden: Golden<ModuleCase>, c: ModuleCase): void {
  if (c.construct_error !== undefined) {
    refused('the constructor', c.construct_error, () => build(golden, c));
    return;
  }
  const [first] = c.steps;
  if (first?.error !== undefined) {
    // What PyTorch refuses at the call may be refused before.
    refused('module and call', first.error, () => callStep(golden, c, prepared(golden, c), first, new Map()));
    return;
  }
  const m = prepared(golden, c);
  for (const s of c.steps) replayStep(golden, c, m, s);
}

/** The recorded module with its state. */
function prepared(golden: Golden<ModuleCase>, c: ModuleCase): nn.Module {
  const m = build(golden, c).to(c.dtype === 'f32' ? 'float32' : 'float64');
  if (golden.device !== null) m.to(golden.device);
  const own = [...m.stateDict().keys()];
  if (own.join() !== Object.keys(c.state).join()) throw new Mismatch(`the state is ${own.join()}, expected ${Object.keys(c.state).join()}`);
  m.loadStateDict(new Map(Object.entries(c.state).map(([k, r]) => [k, golden.load(r.$t)])));
  return m;
}
