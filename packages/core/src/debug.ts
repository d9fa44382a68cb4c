import type { GraphNode } from './autograd/node.ts';
import type { Tensor } from './tensor.ts';

/** Switches for tests and for hunting bugs. All are off by default. */
export interface DebugSwitches {
  /** Fill freed CPU buffers with NaN (-1 for integers, 255 for bytes), so that a use after free shows. */
  poison: boolean;
  /** Elements from which a backward pass gives buffers that are its own back before it ends: small ones are not worth it. */
  giveBackFrom: number;
  /** Sees the gradients that every node's backward gives, and says what to use instead of them. */
  afterBackward: ((node: GraphNode, gradients: readonly (Tensor | null)[]) => readonly (Tensor | null)[]) | null;
  /** Names the module whose forward is running; set by the package that has modules. */
  modulePath: (() => string | null) | null;
  /** Where the files of the library lie, as stack traces write it: call sites are looked for outside. */
  readonly libraryRoots: Set<string>;
}

/** Directories of files of the library; none for a bundle that has no module URLs. */
export function directoriesOf(url: string | undefined): string[] {
  return url === undefined ? [] : [url.slice(0, url.lastIndexOf('/') + 1)];
}

/** The switches of this copy of the library. */
export const debug: DebugSwitches = {
  poison: false,
  giveBackFrom: 4096,
  afterBackward: null,
  modulePath: null,
  libraryRoots: new Set(directoriesOf(import.meta.url)),
};

/** Where an op was called. */
export interface Site {
  /** Path of the module whose forward was running; null outside of modules. */
  readonly module: string | null;
  /** First line of the stack outside of the library: `file:line:column`; null where it cannot be told. */
  readonly at: string | null;
}

/** What an op gives: one tensor or several. */
export type OpResult = Tensor | readonly Tensor[];

/** Watches every op: anomaly mode and the profiler. */
export interface Observer {
  /** Runs an op. `numbers` are its arguments that are no tensors. */
  op<T extends OpResult>(name: string, inputs: readonly Tensor[], numbers: unknown, run: () => T): T;
  /** Runs the backward of a node. */
  backward(node: GraphNode, incoming: readonly (Tensor | null)[], run: () => readonly (Tensor | null)[]): readonly (Tensor | null)[];
  /** Runs a module's forward. */
  module<T>(name: string, run: () => T): T;
  /** Where the op that is being recorded was called; null when that is not wanted. */
  site(): Site | null;
}

/** Who watches; null when nobody does, which is all that an op checks. */
export let observer: Observer | null = null;

let watching: readonly Observer[] = [];

/** Lets `o` watch from now on, and gives what ends it. */
export function observe(o: Observer): () => void {
  watching = [...watching, o];
  observer = joined(watching);
  return () => {
    watching = watching.filter((w) => w !== o);
    observer = joined(watching);
  };
}

/** Several observers as one, the last outermost. */
function joined(list: readonly Observer[]): Observer | null {
  return list.reduce<Observer | null>(
    (inner, outer) =>
      inner === null
        ? outer
        : {
            op: (name, inputs, numbers, run) => outer.op(name, inputs, numbers, () => inner.op(name, inputs, numbers, run)),
            backward: (node, incoming, run) => outer.backward(node, incoming, () => inner.backward(node, incoming, run)),
            module: (name, run) => outer.module(name, () => inner.module(name, run)),
            site: () => outer.site() ?? inner.site(),
          },
    null,
  );
}

/** The first line of the stack outside of the library. */
export function callSite(): Site {
  const limited = Error as { stackTraceLimit?: number };
  const before = limited.stackTraceLimit;
  // The library itself may be deeper than the ten lines that engines keep.
  if (before !== undefined) limited.stackTraceLimit = 60;
  const { stack } = new Error('call site');
  if (before !== undefined) limited.stackTraceLimit = before;
  return { module: debug.modulePath?.() ?? null, at: siteIn(stack ?? '') };
}

/** The first place in a stack trace, of V8 or of the engines of Firefox and Safari, that is not the library's. */
function siteIn(stack: string): string | null {
  for (const line of stack.split('\n')) {
    const place = /((?:[a-z-]+:\/\/|\/|[A-Za-z]:\\)[^\s()]*:\d+:\d+)/.exec(line)?.[1];
    if (place === undefined || /\/node_modules\/@nabla\//.test(place)) continue;
    if (![...debug.libraryRoots].some((root) => place.startsWith(root) || `file://${place}`.startsWith(root))) return place;
  }
  return null;
}
