import { debug, directoriesOf, observer } from '@nabla/core/internals';
import type { Module } from './module.ts';
import { childrenOf, nameOf } from './state.ts';

/** The modules whose `call` is running, outermost first. */
const running: Module[] = [];
/** Where an error was first seen; null once its message says so. */
const seen = new WeakMap<Error, readonly Module[] | null>();

/** Runs a module on arguments. */
type Run = (m: Module, args: readonly unknown[]) => unknown;

/** Runs a module's forward; an error that leaves the outermost call names the path of the module it came from, once. */
export function runModule(m: Module, args: readonly unknown[], run: Run): unknown {
  running.push(m);
  // Not on import, which changes nothing.
  if (debug.modulePath === null) introduce();
  try {
    return observer === null ? run(m, args) : observed(m, args, run, observer);
  } catch (error) {
    if (error instanceof Error) note(error);
    throw error;
  } finally {
    running.pop();
  }
}

const observed = (m: Module, args: readonly unknown[], run: Run, by: NonNullable<typeof observer>): unknown =>
  by.module(runningPath()!, () => run(m, args));

/** Tells core which module runs, and which files are the library's. */
function introduce(): void {
  debug.modulePath = runningPath;
  for (const directory of directoriesOf(import.meta.url)) debug.libraryRoots.add(directory);
}

/** `layers.2 (Linear)`, the path below the outermost module, or its class where that is the one that runs; null outside. */
function runningPath(): string | null {
  const [root, ...rest] = running;
  if (root === undefined) return null;
  if (rest.length === 0) return nameOf(root);
  const path = rest.map((m, i) => nameIn(running[i]!, m)).join('.');
  return `${path} (${nameOf(running[running.length - 1]!)})`;
}

function note(error: Error): void {
  if (!seen.has(error)) seen.set(error, [...running]);
  if (running.length > 1) return;
  const stack = seen.get(error);
  if (stack == null) return;
  seen.set(error, null);
  const before = error.message;
  // Engines print the stack. V8 writes it when it is first read, with the message of that moment: so it is read here.
  const trace = error.stack;
  error.message = `${before} (in ${describe(stack)})`;
  if (trace !== undefined) error.stack = trace.replace(before, () => error.message);
}

/** `Net.layers.2: Linear` */
function describe(stack: readonly Module[]): string {
  let path = nameOf(stack[0]!);
  for (let i = 1; i < stack.length; i++) path += `.${nameIn(stack[i - 1]!, stack[i]!)}`;
  return stack.length === 1 ? path : `${path}: ${nameOf(stack[stack.length - 1]!)}`;
}

/** The path of `m` below `parent`; its class name when it is not part of the parent's state. */
function nameIn(parent: Module, m: Module): string {
  const known = new Set<Module>([parent]);
  let level: [string, Module][] = childrenOf(parent);
  while (level.length > 0) {
    const next: [string, Module][] = [];
    for (const [path, child] of level) {
      if (child === m) return path;
      if (known.has(child)) continue;
      known.add(child);
      for (const [name, inner] of childrenOf(child)) next.push([`${path}.${name}`, inner]);
    }
    level = next;
  }
  return nameOf(m);
}
