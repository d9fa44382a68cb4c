import { isTensor, NablaError, type Tensor, ValueError } from '@nabla/core';
import type { Module } from './module.ts';
import { type Buffer, isBuffer, isParameter, type Parameter } from './parameter.ts';

/** Modules of every copy of the library know each other by this property. */
const moduleBrand = '@nabla/nn.Module';

/** Whether `x` is a {@link Module}, of this copy of the library or of another one. */
export function isModule(x: unknown): x is Module {
  return typeof x === 'object' && x !== null && moduleBrand in x;
}

/** The name of a module's class, as messages and `toString` give it. */
export function nameOf(m: Module): string {
  return m.constructor.name;
}

/** What a walk over a module's state meets; paths are joined by dots. */
export interface Visitor {
  module?(path: string, m: Module): void;
  parameter?(path: string, p: Parameter): void;
  buffer?(path: string, b: Buffer): void;
}

function join(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}

/**
 * Walks a module's state: its own parameters and buffers first, then what lies deeper, in order of declaration, as
 * PyTorch orders them. A cycle is cut where it closes; what is reachable in two ways is met twice.
 */
export function walk(root: Module, visitor: Visitor): void {
  visitModule(root, '', visitor, new Set());
}

function visitModule(m: Module, path: string, visitor: Visitor, open: Set<object>): void {
  if (open.has(m)) return;
  open.add(m);
  visitor.module?.(path, m);
  const entries = [...m.stateEntries()];
  for (const [name, value] of entries) if (isParameter(value)) visitor.parameter?.(join(path, name), value);
  for (const [name, value] of entries) if (isBuffer(value)) visitor.buffer?.(join(path, name), value);
  for (const [name, value] of entries) if (!isTensor(value)) visitValue(value, join(path, name), visitor, open);
  open.delete(m);
}

function visitValue(value: unknown, path: string, visitor: Visitor, open: Set<object>): void {
  if (typeof value !== 'object' || value === null) return;
  if (isTensor(value)) {
    if (isParameter(value)) visitor.parameter?.(path, value);
    else if (isBuffer(value)) visitor.buffer?.(path, value);
    return;
  }
  if (isModule(value)) {
    visitModule(value, path, visitor, open);
    return;
  }
  const inside = entriesOf(value);
  if (inside === null || open.has(value)) return;
  open.add(value);
  for (const [name, v] of inside) visitValue(v, join(path, name), visitor, open);
  open.delete(value);
}

/** Names and values of an array, a Map or a plain object; null for anything else. */
function entriesOf(value: object): Iterable<readonly [string, unknown]> | null {
  if (Array.isArray(value)) return value.map((v, i) => [String(i), v] as const);
  if (value instanceof Map) return [...value].map(([k, v]) => [String(k), v] as const);
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === Object.prototype || proto === null ? Object.entries(value) : null;
}

/** The modules that `m` holds directly, by name: in its fields, or in arrays, Maps and plain objects there. */
export function childrenOf(m: Module): [string, Module][] {
  const out: [string, Module][] = [];
  const seen = new Set<object>([m]);
  const look = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || isTensor(value) || seen.has(value)) return;
    seen.add(value);
    if (isModule(value)) {
      out.push([path, value]);
      return;
    }
    const inside = entriesOf(value);
    if (inside !== null) for (const [name, v] of inside) look(v, join(path, name));
  };
  for (const [name, value] of m.stateEntries()) look(value, name);
  return out;
}

/** Every persistent tensor under its key; a tied tensor stands under each of its keys. */
export function stateTensors(root: Module): Map<string, Tensor> {
  const out = new Map<string, Tensor>();
  const add = (path: string, t: Tensor): void => {
    if (out.has(path)) {
      throw new ValueError(`${nameOf(root)}: two parameters or buffers have the state-dict key '${path}'; rename one of the properties`);
    }
    out.set(path, t);
  };
  walk(root, {
    parameter: add,
    buffer: (path, b) => {
      if (b.persistent) add(path, b);
    },
  });
  return out;
}

/** A key whose tensor does not fit, and why. */
export interface Mismatch {
  readonly key: string;
  readonly reason: string;
}

/** A state dict that does not fit a module. Nothing was loaded. */
export class StateDictError extends NablaError {
  override readonly name = 'StateDictError';
  /** Keys that the module has and the dict has not. */
  readonly missing: readonly string[];
  /** Keys that the dict has and the module has not. */
  readonly unexpected: readonly string[];
  /** Keys whose tensors do not fit. */
  readonly mismatched: readonly Mismatch[];

  constructor(module: string, missing: readonly string[], unexpected: readonly string[], mismatched: readonly Mismatch[]) {
    const list = (keys: readonly string[]): string => keys.map((k) => `"${k}"`).join(', ');
    const lines = [`loading a state dict into ${module} failed; nothing was changed`];
    if (missing.length > 0) lines.push(`missing keys: ${list(missing)}`);
    if (unexpected.length > 0) lines.push(`unexpected keys: ${list(unexpected)}`);
    for (const m of mismatched) lines.push(`"${m.key}": ${m.reason}`);
    super(lines.join('\n  '));
    this.missing = missing;
    this.unexpected = unexpected;
    this.mismatched = mismatched;
  }
}
