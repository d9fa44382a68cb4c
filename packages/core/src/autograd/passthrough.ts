import type { Tensor } from '../tensor.ts';
import { attach, infoOf } from './meta.ts';
import { isGradEnabled } from './modes.ts';
import { type BackwardFunction, GraphNode } from './node.ts';
import { edgeOf, needsGrad, setKind, viewData } from './views.ts';

/**
 * The same tensors, as views whose gradients all pass through `backward` together; those that need none stay as they are,
 * with null in their place. The views cannot be written where gradients are recorded. Null when no tensor needs a gradient.
 */
export function passThrough(name: string, tensors: readonly Tensor[], backward: BackwardFunction): Tensor[] | null {
  if (!isGradEnabled() || !tensors.some(needsGrad)) return null;
  const infos = tensors.map(infoOf);
  const node = new GraphNode(name, tensors.map(edgeOf), infos, infos, backward);
  return tensors.map((t, i) => {
    if (!needsGrad(t)) return t;
    const view = viewData(t, t.shape, t.strides, t.offset);
    setKind(view, 'hook');
    attach(view, node, i);
    return view;
  });
}
