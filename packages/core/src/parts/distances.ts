import type { View } from '../backend.ts';
import { elementwise } from '../elementwise.ts';
import { spread } from '../evaluate.ts';
import { constant, type Expr, input, param } from '../expr/node.ts';
import { fuseSum } from '../fuse.ts';
import { backendOf, reduceKernel, wrap } from '../kernels.ts';
import { defineOp } from '../op.ts';
import { abs, mul, sign, sub } from '../ops/arithmetic.ts';
import { eq, ne } from '../ops/compare.ts';
import { pow } from '../ops/power.ts';
import { where } from '../ops/where.ts';
import { broadcastShapes } from '../shape.ts';
import type { Tensor } from '../tensor.ts';

// p-norms of differences along the last dimension of two tensors that broadcast. The differences are summed as they are
// computed, forward and backward: the broadcast tensor itself is never made.

const difference = sub(input(0), input(1));

/** How many differ has gradient 0. */
const differs = elementwise('distance', (d) => ne(d, 0), { grad: [() => constant(0)] });

/** |d|^p, whose derivative at 0 is taken to be 0 where it is infinite or jumps. */
const power = elementwise('distance', (d, p) => pow(d.abs(), p), {
  grad: [
    (d: Expr, p: Expr) =>
      where(
        eq(d, 0),
        0,
        d
          .sign()
          .mul(pow(d.abs(), p.sub(1)))
          .mul(p),
      ),
    null,
  ],
});

const squareRoot = elementwise('distance', (s) => s.sqrt(), { grad: [(_s: Expr, y: Expr) => where(eq(y, 0), 0, constant(0.5).div(y))] });
const root = elementwise('distance', (s, p) => pow(s, constant(1).div(p)), {
  grad: [(_s: Expr, p: Expr, y: Expr) => where(eq(y, 0), 0, pow(y, constant(1).sub(p)).div(p)), null],
});

const reaching = mul(input(3), mul(sign(difference), eq(abs(difference), input(2))));

/** The largest difference. Every element that reaches it gets the whole gradient, as in PyTorch. */
const largestOp = defineOp<string>({
  name: 'largestDifference',
  infer: ([a, b], op) => [{ shape: broadcastShapes(op, [a!.shape, b!.shape]).slice(0, -1), dtype: a!.dtype }],
  forward: ([a, b], op, [out]) => {
    const backend = backendOf(op, [a!, b!]);
    const shape = broadcastShapes(op, [a!.shape, b!.shape]);
    const { dtype } = out!;
    const inputs: View[] = [spread(a!, shape), spread(b!, shape)];
    const common = { inputs, params: [], shape, dims: [shape.length - 1], compute: dtype, output: dtype, divisor: 1 };
    return [wrap(backend, reduceKernel(backend, op, { ...common, kind: 'max', expr: abs(difference) }), dtype, out!.shape)];
  },
  save: ([a, b], [y]) => [a!, b!, y!],
  backward: ({ attrs: op, saved: [a, b, y], needs }, [g]) => {
    const inputs = [a!, b!, y!.unsqueeze(-1) as Tensor, g!.unsqueeze(-1) as Tensor];
    const shape = broadcastShapes(op, [a!.shape, b!.shape]);
    const to = (t: Tensor, sign: 1 | -1): Tensor => {
      const lead = shape.length - t.ndim;
      const dims = shape.map((_, d) => d).filter((d) => d < lead || (t.shape[d - lead] === 1 && shape[d] !== 1));
      const total = fuseSum(op, sign === 1 ? reaching : mul(reaching, -1), inputs, [], { dims, keepdim: true });
      return total.reshape(t.shape) as Tensor;
    };
    return [needs[0] ? to(a!, 1) : null, needs[1] ? to(b!, -1) : null];
  },
});

/** The p-norm of a - b along the last dimension; both have one floating dtype. The norm of nothing is 0. */
export function distances(op: string, a: Tensor, b: Tensor, p: number): Tensor {
  const shape = broadcastShapes(op, [a.shape, b.shape]);
  const last = shape.length - 1;
  if (p === Infinity && shape[last] !== 0) return largestOp([a, b], op)[0]!;
  const total = (expr: Expr): Tensor => fuseSum(op, expr, [a, b], [p], { dims: [last] });
  if (p === 0) return total(differs(difference));
  if (p === 1 || p === Infinity) return total(abs(difference));
  if (p === 2) return squareRoot(total(mul(difference, difference)));
  return root(total(power(difference, param(0))), p);
}
