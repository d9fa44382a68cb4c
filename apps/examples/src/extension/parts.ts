import { customFunction, elementwise, gradcheck, gradgradcheck, ones, rand, randn, type Tensor } from '@nabla/core';
import { functionalCall, Linear, Module, Parameter } from '@nabla/nn';

// An op, a function with a gradient of its own, and layers: what a user adds, each as a framework would have it built in.

/**
 * An op from one expression: x + sin²(a x) / a, an activation for things that repeat (Liu, Hartwig and Ueda 2020). Its
 * kernels and its gradients of every order follow from the expression, those by the frequency `a` too.
 */
const snake = elementwise('snake', (x, a) => x.add(x.mul(a).sin().square().div(a)));

/**
 * log cosh d, which is d²/2 near 0 and |d| - log 2 far away. As it stands cosh overflows, so it is computed as
 * |d| + log(1 + exp(-2|d|)) - log 2. A derivative of that form would take detours (and sign(0) is none): the right one is
 * simply tanh d, so it is written down here. Made of tensor ops it can be differentiated again.
 */
export const logCosh = customFunction({
  name: 'logCosh',
  forward(ctx, d: Tensor): Tensor {
    ctx.save(d);
    const size = d.abs();
    return size.add(size.mul(-2).exp().log1p()).sub(Math.LN2);
  },
  backward(ctx, g) {
    const [d] = ctx.saved;
    return g.mul(d!.tanh());
  },
});

/** x + W snake(V x): a layer with layers and a parameter of its own, one frequency for each hidden unit. */
export class SnakeBlock extends Module {
  readonly inner: Linear<number, number>;
  readonly outer: Linear<number, number>;
  readonly frequency: Parameter;

  constructor(width: number) {
    super();
    this.inner = new Linear(width, width);
    this.outer = new Linear(width, width);
    this.frequency = new Parameter(ones([width]));
  }

  forward(x: Tensor): Tensor {
    return x.add(this.outer.call(snake(this.inner.call(x), this.frequency)));
  }
}

/** Blocks in an array in a field: nothing is registered, and the state dict calls them `blocks.0`, `blocks.1`, ... */
export class SnakeNet extends Module {
  readonly first: Linear<number, number>;
  readonly blocks: SnakeBlock[];
  readonly last: Linear<number, 1>;

  constructor(features: number, width: number, depth: number) {
    super();
    this.first = new Linear(features, width);
    this.blocks = Array.from({ length: depth }, () => new SnakeBlock(width));
    this.last = new Linear(width, 1);
  }

  forward(x: Tensor): Tensor {
    let h = this.first.call(x) as Tensor;
    for (const block of this.blocks) h = block.call(h);
    return this.last.call(h);
  }
}

/** Compares gradients with finite differences, which need float64. A gradient that is wrong is an error with its place. */
export function checkParts(): void {
  const leaf = (t: Tensor): Tensor => t.requiresGrad_(true);
  const x = leaf(randn([4, 3], { dtype: 'float64' }));
  const a = leaf(rand([3], { dtype: 'float64' }).add(0.5));
  gradcheck(snake, [x, a]);
  gradgradcheck(snake, [x, a]);
  gradcheck(logCosh, [x]);
  gradgradcheck(logCosh, [x]);

  // A small network as a function of its input and of every parameter.
  const net = new SnakeNet(3, 4, 2).to('float64');
  const names = net.namedParameters().map(([name]) => name);
  const values = net.namedParameters().map(([, p]) => leaf(p.detach().clone()));
  const asFunction = (input: Tensor, ...given: Tensor[]): Tensor =>
    functionalCall(net, new Map(names.map((name, i) => [name, given[i]!])), [input]);
  gradcheck(asFunction, [x, ...values]);
  console.log(`gradients agree with finite differences: snake, logCosh, a network by its input and ${names.length} parameters`);
}
