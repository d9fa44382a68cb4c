import { type Expr, input, param } from '../expr/node.ts';
import { fuseMap } from '../fuse.ts';
import { add, mul, sub } from '../ops/arithmetic.ts';
import { gt, le, lt } from '../ops/compare.ts';
import { zeros } from '../ops/create.ts';
import { floor } from '../ops/rounding.ts';
import { where } from '../ops/where.ts';
import type { Tensor } from '../tensor.ts';

/** What a position outside of the image sees: zeros, the edge, or the mirror image. */
export type GridPadding = 'zeros' | 'border' | 'reflection';

/** One spatial dimension that is sampled. */
export interface GridAxis {
  readonly size: number;
  readonly alignCorners: boolean;
  readonly padding: GridPadding;
  /** Where NaN ends up when positions are brought inside. */
  readonly nanAt: 'first' | 'last';
}

const x = input(0);
const [p0, p1, p2] = [param(0), param(1), param(2)];

const scaled = mul(add(x, 1), p0);
const shifted = sub(scaled, 0.5);

/** Between 0 and p0. The derivative is 0 at both ends and beyond; NaN goes to the first entry, or the last. */
const clipped: Readonly<Record<GridAxis['nanAt'], Expr>> = {
  first: where(gt(x, 0), where(lt(x, p0), x, p0), 0),
  last: where(le(x, 0), 0, where(lt(x, p0), x, p0)),
};

/** Mirrored at p0 and p0 + p1; p2 is 1 / (2 p1). */
function reflectedExpr(): Expr {
  const away = sub(x, p0);
  const distance = where(lt(away, 0), sub(0, away), away);
  const period = mul(p1, 2);
  const rest = sub(distance, mul(period, floor(mul(distance, p2))));
  return add(where(lt(rest, p1), rest, sub(period, rest)), p0);
}
const reflected = reflectedExpr();

/** Grid values, -1 to 1 across the image, as positions in entries. Differentiable. */
export function positionsOf(grid: Tensor, axis: GridAxis): Tensor {
  return axis.alignCorners
    ? fuseMap('gridSample', scaled, [grid], [(axis.size - 1) / 2])
    : fuseMap('gridSample', shifted, [grid], [axis.size / 2]);
}

/** Positions brought inside the image as its padding says; with zeros they stay. Differentiable. */
export function inside(position: Tensor, axis: GridAxis): Tensor {
  if (axis.padding === 'zeros') return position;
  const { size, alignCorners } = axis;
  const low = alignCorners ? 0 : -0.5;
  const span = alignCorners ? size - 1 : size;
  let mirrored = position;
  if (axis.padding === 'reflection') {
    mirrored =
      span === 0
        ? zeros(position.shape, { dtype: position.dtype, device: position.device })
        : fuseMap('gridSample', reflected, [position], [low, span, 1 / (2 * span)]);
  }
  return fuseMap('gridSample', clipped[axis.nanAt], [mirrored], [size - 1]);
}
