import { AutogradError } from '../errors.ts';
import { show } from '../shape.ts';
import { isTensor, type Tensor } from '../tensor.ts';
import type { Edge, GraphNode, TensorInfo } from './node.ts';
import { edgeOf } from './views.ts';

/** Names of tensors: a map, an object, or pairs as `model.namedParameters()` gives them. */
export type TensorNames = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>> | Iterable<readonly [string, Tensor]>;

/** Options of {@link graphToDot} and {@link graphToMermaid}. */
export interface GraphOptions {
  /** Names for leaves; others are called `leaf`. */
  names?: TensorNames;
}

/** A box of the drawing. */
interface Box {
  readonly id: string;
  readonly kind: 'op' | 'leaf' | 'result';
  readonly lines: readonly string[];
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  /** Which result it is, for an op that has several. */
  readonly label: string;
}

const described = ({ dtype, shape }: TensorInfo): string => `${dtype} ${show(shape)}`;

function namesOf(names: TensorNames | undefined): Map<Tensor, string> {
  if (names === undefined) return new Map();
  const pairs = Symbol.iterator in names ? (names as Iterable<readonly [string, Tensor]>) : Object.entries(names as Record<string, Tensor>);
  return new Map([...pairs].map(([name, t]) => [t, name]));
}

/** Boxes and arrows, in the direction in which values flow. */
function draw(op: string, results: Tensor | readonly Tensor[], options: GraphOptions): { boxes: readonly Box[]; arrows: readonly Arrow[] } {
  const list = isTensor(results) ? [results] : results;
  const names = namesOf(options.names);
  const edges = list.map((t, i): Edge => {
    const edge = edgeOf(t);
    if (edge === null) throw new AutogradError(`${op}: tensor ${i} does not require gradients and has no graph`);
    return edge;
  });
  const seen = new Set<GraphNode>(edges.map((e) => e.node));
  for (const node of seen) for (const e of node.edges) if (e !== null) seen.add(e.node);
  // Numbered as they were recorded, so that the same program always gives the same drawing.
  const nodes = [...seen].sort((a, b) => a.id - b.id);
  const ids = new Map(nodes.map((n, i) => [n, `n${i}`]));
  const boxes: Box[] = nodes.map((n) => {
    const shapes = n.outputs.map(described);
    if (n.leaf === null) return { id: ids.get(n)!, kind: 'op', lines: [n.name, ...shapes] };
    return { id: ids.get(n)!, kind: 'leaf', lines: [names.get(n.leaf) ?? 'leaf', ...shapes] };
  });
  const label = (e: Edge): string => (e.node.outputs.length > 1 ? String(e.index) : '');
  const arrows: Arrow[] = nodes.flatMap((n) =>
    n.edges.flatMap((e) => (e === null ? [] : [{ from: ids.get(e.node)!, to: ids.get(n)!, label: label(e) }])),
  );
  edges.forEach((e, i) => {
    const id = `r${i}`;
    boxes.push({ id, kind: 'result', lines: [names.get(list[i]!) ?? (list.length > 1 ? `result ${i}` : 'result'), described(list[i]!)] });
    arrows.push({ from: ids.get(e.node)!, to: id, label: label(e) });
  });
  return { boxes, arrows };
}

const dotText = (s: string): string => s.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

/**
 * The graph behind one or several tensors in the DOT language of Graphviz: ops with the shapes of their results, leaves,
 * and arrows in the direction in which values flow.
 *
 * @throws AutogradError when a tensor has no graph
 * @example
 * ```ts
 * writeFileSync('loss.dot', graphToDot(loss, { names: model.namedParameters() })); // dot -Tsvg loss.dot
 * ```
 * @see https://graphviz.org/doc/info/lang.html
 */
export function graphToDot(results: Tensor | readonly Tensor[], options: GraphOptions = {}): string {
  const { boxes, arrows } = draw('graphToDot', results, options);
  const style = {
    op: 'shape=box',
    leaf: 'shape=box, style="rounded,filled", fillcolor="#cfe8cf"',
    result: 'shape=box, style=filled, fillcolor="#d5e0f5"',
  };
  const lines = [
    ...boxes.map((b) => `  ${b.id} [label="${b.lines.map(dotText).join('\\n')}", ${style[b.kind]}];`),
    ...arrows.map((a) => `  ${a.from} -> ${a.to}${a.label === '' ? '' : ` [label="${a.label}"]`};`),
  ];
  return `digraph {\n  node [fontname="monospace"];\n${lines.join('\n')}\n}\n`;
}

// Mermaid reads labels as HTML, and # as the beginning of an entity.
const mermaidText = (s: string): string =>
  s
    .replaceAll('#', '#35;')
    .replaceAll('&', '#amp;')
    .replaceAll('"', '#quot;')
    .replaceAll('<', '#lt;')
    .replaceAll('>', '#gt;')
    .replaceAll('\n', ' ');

/**
 * The graph behind one or several tensors as a Mermaid flowchart, as {@link graphToDot} draws it.
 *
 * @throws AutogradError when a tensor has no graph
 * @see https://mermaid.js.org/syntax/flowchart.html
 */
export function graphToMermaid(results: Tensor | readonly Tensor[], options: GraphOptions = {}): string {
  const { boxes, arrows } = draw('graphToMermaid', results, options);
  const frame = { op: ['[', ']'], leaf: ['([', '])'], result: ['[[', ']]'] } as const;
  const lines = [
    ...boxes.map((b) => `  ${b.id}${frame[b.kind][0]}"${b.lines.map(mermaidText).join('<br/>')}"${frame[b.kind][1]}`),
    ...arrows.map((a) => `  ${a.from} -->${a.label === '' ? '' : `|${a.label}|`} ${a.to}`),
  ];
  return `flowchart TD\n${lines.join('\n')}\n`;
}
