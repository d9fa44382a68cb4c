import { cat, grad, linspace, noGrad, rand, scope, stack, type Tensor, zeros } from '@nabla/core';
import { Linear, type Module, MSELoss, Sequential, Tanh } from '@nabla/nn';
import { Adam, CosineAnnealingLR } from '@nabla/optim';
import { main, type Program, type ProgramOptions } from '../program.ts';

// A network u(x, t) that is told what the ends of a rod and its first moment look like, and for the rest the heat equation
// u_t = α u_xx. The loss holds derivatives of the network by its inputs, and training differentiates them once more by its
// weights: three gradients deep.

const ALPHA = 0.1;

/** The solution for a rod from 0 to 1 whose ends stay at 0: every wave fades at its own speed. Points are rows (x, t). */
function exact(points: Tensor): Tensor {
  const [x, t] = [points.select(1, 0), points.select(1, 1)];
  const wave = (k: number): Tensor =>
    t
      .mul(-ALPHA * (k * Math.PI) ** 2)
      .exp()
      .mul(x.mul(k * Math.PI).sin());
  return wave(1).add(wave(3).mul(0.5)).unsqueeze(1);
}

/** Points at t = 0 along the rod, and points at both ends at all times. */
function knownPoints(count: number): Tensor {
  const s = linspace(0, 1, count);
  const [zero, one] = [zeros([count]), s.mul(0).add(1)];
  const at = (x: Tensor, t: Tensor): Tensor => stack([x, t], 1);
  return cat([at(s, zero), at(zero, s), at(one, s)], 0);
}

/** How far the network is from solving u_t = α u_xx at these points. */
function residual(model: Module, points: Tensor): Tensor {
  const p = points.detach().requiresGrad_(true);
  const u = model.call(p);
  // Rows do not depend on each other, so the gradient of the sum holds every row's own derivatives. `createGraph` records how
  // they were computed: without it they would be numbers, and could not be differentiated again.
  const [du] = grad(u.sum(), [p], { createGraph: true });
  const [ux, ut] = [du.select(1, 0), du.select(1, 1)];
  const [dux] = grad(ux.sum(), [p], { createGraph: true });
  return ut.sub(dux.select(1, 0).mul(ALPHA));
}

const network = (): Module => new Sequential(new Linear(2, 32), new Tanh(), new Linear(32, 32), new Tanh(), new Linear(32, 1));

interface Training {
  readonly name: string;
  readonly epochs: number;
  /** Whether the heat equation is part of the loss. */
  readonly physics: boolean;
}

function train({ name, epochs, physics }: Training): Module {
  const model = network();
  const points = knownPoints(64);
  const values = exact(points);
  const criterion = new MSELoss();
  const optimizer = new Adam(model.parameters(), { lr: 2e-2 });
  const scheduler = new CosineAnnealingLR(optimizer, Math.max(1, epochs));
  for (let epoch = 1; epoch <= epochs; epoch++) {
    // Everything born in the scope is given back at its end, three graphs included.
    const parts = scope(() => {
      optimizer.zeroGrad();
      const known = criterion.call(model.call(points), values);
      // New points every time: there are none that the network could learn by heart.
      const inside = physics
        ? residual(model, rand([256, 2]))
            .square()
            .mean()
        : null;
      // The values count more, or "zero everywhere", which solves the equation too, would be a tempting answer.
      const loss = inside === null ? known : known.mul(20).add(inside);
      loss.backward();
      optimizer.step();
      return { known: known.item() as number, inside: inside?.item() as number | undefined };
    });
    scheduler.step();
    if (epoch % 500 !== 0) continue;
    const rest = parts.inside === undefined ? '' : `, residual ${parts.inside.toExponential(1)}`;
    console.log(`${name}, epoch ${epoch}: squared error on the edge ${parts.known.toExponential(1)}${rest}`);
  }
  return model;
}

/** ‖u - exact‖ / ‖exact‖ over a grid of the whole rod at all times. */
function relativeError(model: Module, side = 41): number {
  return noGrad(() => {
    const s = linspace(0, 1, side);
    const x = s
      .unsqueeze(1)
      .expand([side, side])
      .reshape([side * side]);
    const t = s
      .unsqueeze(0)
      .expand([side, side])
      .reshape([side * side]);
    const grid = stack([x, t], 1);
    const truth = exact(grid);
    return model.call(grid).sub(truth).norm().div(truth.norm()).item() as number;
  });
}

export const pinn: Program<ProgramOptions> = {
  name: 'pinn',
  description: 'Solves the heat equation with a network whose loss holds its own second derivatives.',
  epochs: 2000,
  run({ epochs }) {
    const uninformed = train({ name: 'values alone', epochs, physics: false });
    const informed = train({ name: 'with the equation', epochs, physics: true });
    return {
      metric: 'relative error against the exact solution',
      value: relativeError(informed),
      target: 0.03,
      better: 'lower',
      baseline: { name: 'the same network without the equation', value: relativeError(uninformed) },
    };
  },
};

await main(import.meta.url, pinn);
