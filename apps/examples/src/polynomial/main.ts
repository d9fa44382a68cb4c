import { linspace, onesLike, randn, scope, stack, type Tensor, zeros } from '@nabla/core';
import { main, type Program, type ProgramOptions } from '../program.ts';

// A cubic fitted to a sine by gradient descent, with nothing but tensors: the first program of many tutorials.

/** 1, x, x², x³ as columns. */
const powers = (x: Tensor): Tensor => stack([onesLike(x), x, x.square(), x.pow(3)], 1);

/** Mean squared distance of two vectors. */
const error = (a: Tensor, b: Tensor): Tensor => a.sub(b).square().mean();

/** The fit that a straight line allows, in closed form. */
function straightLine(x: Tensor, y: Tensor): number {
  const slope = x.mul(y).mean().div(x.square().mean());
  return error(x.mul(slope), y).item() as number;
}

export const polynomial: Program<ProgramOptions> = {
  name: 'polynomial',
  description: 'Fits a cubic to a noisy sine by gradient descent on raw tensors.',
  epochs: 1000,
  run({ epochs }) {
    const x = linspace(-Math.PI, Math.PI, 400);
    const y = x.sin().add(randn([400]).mul(0.1));
    const columns = powers(x);
    const weights = zeros([4]).requiresGrad_(true);
    // Steps as large as each column allows: x³ is about thirty times as large as 1.
    const rates = columns.square().mean(0).reciprocal().mul(0.2);
    for (let epoch = 1; epoch <= epochs; epoch++) {
      const loss = scope(() => {
        const loss = error(columns.matmul(weights), y);
        loss.backward();
        return loss.item() as number;
      });
      weights.detach().sub_(weights.grad!.mul(rates));
      weights.grad!.zero_();
      if (epoch % 200 === 0) console.log(`epoch ${epoch}: mean squared error ${loss.toFixed(5)}`);
    }
    const [a, b, c, d] = weights.toArray() as number[];
    console.log(`y = ${a!.toFixed(3)} + ${b!.toFixed(3)} x + ${c!.toFixed(3)} x² + ${d!.toFixed(3)} x³`);
    return {
      metric: 'mean squared error',
      value: error(columns.matmul(weights), y).item() as number,
      target: 0.02,
      better: 'lower',
      baseline: { name: 'a straight line', value: straightLine(x, y) },
    };
  },
};

await main(import.meta.url, polynomial);
