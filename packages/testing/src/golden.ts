import { type Backend, type DType, isTensor, Tensor, tensor } from '@nabla/core';
import { camelCase, isFloating, sizeOf } from '@nabla/core/internals';

/** A JSON value of a manifest. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A stored tensor and how the original lay in memory; see fixtures/pytorch/FORMAT.md. */
export interface TensorRef {
  readonly $t: string;
  readonly rg?: boolean;
  readonly strides?: readonly number[];
  readonly offset?: number;
  readonly n?: number;
  readonly nstruct?: boolean;
}

/** Whether a value of a manifest is a stored tensor. */
export function isReference(value: unknown): value is TensorRef {
  return typeof value === 'object' && value !== null && '$t' in value;
}

/** Header entry of a safetensors file. */
interface Entry {
  readonly dtype: 'F32' | 'F64' | 'I64' | 'BOOL';
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const stored = {
  F32: { dtype: 'float32', bytes: 4 },
  F64: { dtype: 'float64', bytes: 8 },
  I64: { dtype: 'int64', bytes: 8 },
  BOOL: { dtype: 'bool', bytes: 1 },
} as const satisfies Record<Entry['dtype'], { dtype: DType; bytes: number }>;

/** How {@link Golden.decode} treats what it meets. */
export interface DecodeOptions {
  /** Collects tensors that require gradients or not, by path such as `args.0`. */
  readonly leaves?: Map<string, Tensor>;
  /** Path of the value itself. */
  readonly path?: string;
  /** Makes of a Python float, `{"$f": 2}` or 0.5; the number itself by default. */
  readonly float?: (value: number) => unknown;
  /** Values of program variables. */
  readonly variables?: ReadonlyMap<string, unknown>;
}

/** A result that is not PyTorch's. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';
}

/** The two files of a family, read: its manifest and its tensors. */
export interface Records {
  readonly family: string;
  /** Text of `<family>.json`. */
  readonly manifest: string;
  /** Bytes of `<family>.safetensors`. */
  readonly tensors: Uint8Array;
}

/** One family of PyTorch's recorded cases: a manifest and its tensors. Runs in browsers too: records.ts reads the files. */
export class Golden<Case> {
  readonly cases: readonly Case[];
  readonly #header: Readonly<Record<string, Entry>>;
  readonly #data: ArrayBuffer;

  /** Where inputs are put; null for the CPU. */
  readonly device: Backend | null;
  /** Comparisons that wait for a device that is not read at once. */
  readonly #late: Promise<void>[] = [];

  constructor({ family, manifest, tensors }: Records, device: Backend | null = null) {
    this.device = device;
    const { cases, count } = JSON.parse(manifest) as { count: number; cases: Case[] };
    if (cases.length !== count) throw new Error(`${family}: ${cases.length} cases, expected ${count}`);
    this.cases = cases;
    const length = Number(new DataView(tensors.buffer, tensors.byteOffset).getBigUint64(0, true));
    const text = new TextDecoder().decode(tensors.subarray(8, 8 + length));
    const { __metadata__: _, ...header } = JSON.parse(text) as Record<string, Entry>;
    this.#header = header;
    // A copy of its own, so that element boundaries are those of the file.
    this.#data = new Uint8Array(tensors.subarray(8 + length)).buffer;
  }

  /** The dtypes of the stored tensors that a value of a manifest refers to, and those that it names. */
  dtypesIn(value: unknown, found: Set<DType> = new Set()): ReadonlySet<DType> {
    if (typeof value !== 'object' || value === null) return found;
    const { $t, $dtype } = value as { readonly $t?: string; readonly $dtype?: DType };
    const entry = $t === undefined ? undefined : this.#header[$t];
    if (entry !== undefined) found.add(stored[entry.dtype].dtype);
    if ($dtype !== undefined) found.add($dtype);
    for (const part of Object.values(value)) this.dtypesIn(part, found);
    return found;
  }

  /** A stored tensor, contiguous, without gradients. */
  load(key: string): Tensor {
    const entry = this.#header[key];
    if (entry === undefined) throw new Error(`no tensor '${key}'`);
    const { dtype, bytes } = stored[entry.dtype];
    const [begin, end] = entry.data_offsets;
    const n = sizeOf(entry.shape);
    if (end - begin !== n * bytes) throw new Error(`tensor '${key}': ${end - begin} bytes for ${n} elements`);
    const { shape } = entry;
    switch (entry.dtype) {
      case 'F32':
        return tensor(new Float32Array(this.#data, begin, n), { shape });
      case 'F64':
        return tensor(new Float64Array(this.#data, begin, n), { shape });
      case 'I64':
        return tensor(new BigInt64Array(this.#data, begin, n), { shape });
      default:
        return tensor(new Uint8Array(this.#data, begin, n), { shape, dtype });
    }
  }

  /** The option of functions that create tensors that puts them where inputs are put. */
  get placed(): { device?: Backend } {
    return this.device === null ? {} : { device: this.device };
  }

  /** A stored tensor where inputs are put. */
  input(key: string): Tensor {
    const t = this.load(key);
    return this.device === null ? t : (t.to(this.device) as Tensor);
  }

  /** Hands `values` of a tensor to `check`: now, or (see {@link Golden.settle}) when its device gives them. */
  read(t: Tensor, check: (values: Tensor) => void): void {
    const host = t.detach();
    if (host.device.caps.syncRead) check(host);
    else this.await(hosted(host).then(check));
  }

  /** Makes {@link Golden.settle} wait for a comparison. */
  await(comparison: Promise<void>): void {
    this.#late.push(comparison);
  }

  /** Throws a {@link Mismatch} that begins with `what` unless a tensor is the recorded one; later where it can only be read later. */
  compare(what: string, got: Tensor, ref: TensorRef): void {
    this.read(got, (values) => {
      const found = difference(values, this.load(ref.$t), ref.n, ref.nstruct);
      if (found !== null) throw new Mismatch(`${what}: ${found}`);
    });
  }

  /** Hands the number in a tensor to `check`, as {@link Golden.read} does. */
  readNumber(t: Tensor, check: (value: number) => void): void {
    this.read(t, (values) => check(values.item()));
  }

  /** Waits for all late comparisons; rejects with the first that failed. */
  async settle(): Promise<void> {
    const late = this.#late.splice(0);
    const done = await Promise.allSettled(late);
    for (const d of done) if (d.status === 'rejected') throw d.reason;
  }

  /** The tensor that `ref` describes, with the strides of the original. */
  tensor(ref: TensorRef, requiresGrad: boolean = ref.rg ?? false): Tensor {
    const dense = this.load(ref.$t);
    const t = ref.strides === undefined ? this.input(ref.$t) : strided(dense, ref.strides, ref.offset ?? 0, this.device);
    return requiresGrad ? t.requiresGrad_(true) : t;
  }

  /** The value that a manifest describes. */
  decode(value: Json | undefined, options: DecodeOptions = {}): unknown {
    const path = options.path ?? '';
    const inside = (v: Json, name: string): unknown => this.decode(v, { ...options, path: path === '' ? name : `${path}.${name}` });
    if (Array.isArray(value)) return value.map((v: Json, i) => inside(v, String(i)));
    if (typeof value === 'number') return Number.isInteger(value) || options.float === undefined ? value : options.float(value);
    if (typeof value !== 'object' || value === null) return value;
    const fields = value as { readonly [key: string]: Json };
    if ('$t' in fields) {
      const t = this.tensor(fields as unknown as TensorRef);
      options.leaves?.set(path, t);
      return t;
    }
    if ('$f' in fields) {
      const number = numberOf(fields['$f']!);
      return options.float === undefined ? number : options.float(number);
    }
    if ('$v' in fields) return options.variables?.get(fields['$v'] as string);
    if ('$dtype' in fields) return fields['$dtype'];
    if ('$slice' in fields || '$ellipsis' in fields || '$tuple' in fields) return decodeIndex(fields, inside);
    return Object.fromEntries(Object.entries(fields).map(([k, v]) => [k, inside(v, k)]));
  }
}

/** A copy of a tensor on the CPU, from a device that is only read later. */
export async function hosted(t: Tensor): Promise<Tensor> {
  const values = await t.data();
  // The tensor on the CPU would round it.
  const fraction = isFloating(t.dtype) ? undefined : Array.from(values).find((v) => !Number.isInteger(v));
  if (fraction !== undefined) throw new Mismatch(`${fraction} in a tensor of ${t.dtype}`);
  return tensor(values, { dtype: t.dtype }).reshape(t.shape) as Tensor;
}

/** Part of an index: a Python slice or ellipsis. */
export type PythonIndex = { readonly slice: readonly (number | null)[] } | '...';

/** An index of several parts, which Python tells from a list of entries. */
export interface PythonTuple {
  readonly tuple: readonly unknown[];
}

function decodeIndex(fields: { readonly [key: string]: Json }, inside: (v: Json, name: string) => unknown): unknown {
  if ('$ellipsis' in fields) return '...';
  if ('$slice' in fields) return { slice: fields['$slice'] as readonly (number | null)[] } satisfies PythonIndex;
  return { tuple: (fields['$tuple'] as readonly Json[]).map((v, i) => inside(v, String(i))) } satisfies PythonTuple;
}

/** A float as the manifests write it. */
export function numberOf(value: Json): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'object' && value !== null && '$f' in value) return numberOf((value as { readonly $f: Json }).$f);
  const special: Readonly<Record<string, number>> = { nan: Number.NaN, inf: Infinity, '-inf': -Infinity, '-0': -0 };
  const found = special[String(value)];
  if (found === undefined) throw new Error(`not a number: ${JSON.stringify(value)}`);
  return found;
}

/** A window with these strides on a larger buffer, filled with NaN (or ones) where the window does not reach. */
function strided(dense: Tensor, strides: readonly number[], offset: number, device: Backend | null): Tensor {
  const length = 1 + offset + dense.shape.reduce((sum, n, d) => sum + Math.max(n - 1, 0) * strides[d]!, 0);
  const values = dense.dataSync();
  const buffer = new Float64Array(length).fill(dense.dtype === 'float32' || dense.dtype === 'float64' ? Number.NaN : 1);
  const index = dense.shape.map(() => 0);
  for (let i = 0; i < values.length; i++) {
    buffer[index.reduce((at, k, d) => at + k * strides[d]!, offset)] = values[i]!;
    for (let d = index.length - 1; d >= 0; d--) {
      index[d]!++;
      if (index[d]! < dense.shape[d]!) break;
      index[d] = 0;
    }
  }
  const host = tensor(buffer, { dtype: dense.dtype });
  const base = device === null ? host : (host.to(device) as unknown as typeof host);
  return new Tensor(base.storage, dense.shape, strides, offset);
}

/** Every tensor in a result, depth first. */
export function flatTensors(value: unknown): Tensor[] {
  if (isTensor(value)) return [value];
  if (Array.isArray(value)) return value.flatMap(flatTensors);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(flatTensors);
  return [];
}

/** References in an expected result, depth first. */
export function flatRefs(value: Json): TensorRef[] {
  if (Array.isArray(value)) return value.flatMap((v: Json) => flatRefs(v));
  if (typeof value !== 'object' || value === null) return [];
  return '$t' in value ? [value as unknown as TensorRef] : Object.values(value).flatMap((v) => flatRefs(v));
}

/**
 * How `got` differs from `want`, in words; null when it does not: dtype, shape, places of NaN and infinity are the same
 * and elsewhere |got - want| <= 4 noise + tol + tol |want|, where tol is 1e-5 in float32 and 1e-10 in float64.
 */
export function difference(got: Tensor, want: Tensor, noise: number = 0, structureDiffers: boolean = false): string | null {
  if (got.dtype !== want.dtype) return `dtype ${got.dtype}, expected ${want.dtype}`;
  if (got.shape.join() !== want.shape.join()) return `shape [${got.shape.join(', ')}], expected [${want.shape.join(', ')}]`;
  const tolerance = want.dtype === 'float32' ? 1e-5 : want.dtype === 'float64' ? 1e-10 : 0;
  const g = got.dataSync();
  const w = want.dataSync();
  for (let i = 0; i < w.length; i++) {
    const a = g[i]!;
    const b = w[i]!;
    if (Object.is(a, b) || a === b) continue;
    if (structureDiffers && !(Number.isFinite(a) && Number.isFinite(b))) continue;
    if (Number.isFinite(a) && Number.isFinite(b) && Math.abs(a - b) <= 4 * noise + tolerance + tolerance * Math.abs(b)) continue;
    return `${a} at element ${i} of [${want.shape.join(', ')}], expected ${b}${noise > 0 ? ` (noise ${noise})` : ''}`;
  }
  return null;
}

/** Throws unless `got` is `want`, up to {@link difference}. */
export function check(got: Tensor, want: Tensor, what: string, noise: number = 0): void {
  const found = difference(got, want, noise);
  if (found !== null) throw new Error(`${what}: ${found}`);
}

/** Keyword arguments with their names in camelCase. */
export function camelCased(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([k, v]) => [camelCase(k), v]));
}
