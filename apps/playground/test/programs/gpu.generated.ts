import { createGpuBackend } from '@nabla/backend-gpu';
import { cat, manualSeed, noGrad, ones, rand, randn, randperm, scope, stack, type Tensor, tensor, zeros } from '@nabla/core';
import * as nn from '@nabla/nn';
import { Adam } from '@nabla/optim';

/** Two half circles that reach into each other: n points [n, 2], and the class of each [n]. */
function moons(n: number, noise: number): [x: Tensor, y: Tensor] {
  const angle = rand([n / 2]).mul(Math.PI);
  const upper = stack([angle.cos(), angle.sin()], 1).sub(tensor([0.5, 0.25]));
  // The same half circle, turned by 180 degrees about the middle of both.
  const x = cat([upper, upper.neg()]).add(randn([n, 2]).mul(noise));
  return [x, cat([zeros([n / 2], { dtype: 'int64' }), ones([n / 2], { dtype: 'int64' })])];
}

manualSeed(0);
const [x, y] = moons(512, 0.1);
const [heldOutX, heldOutY] = moons(512, 0.1);
const model = new nn.Sequential(
  new nn.Linear(2, 16),
  new nn.BatchNorm1d(16),
  new nn.ReLU(),
  new nn.Linear(16, 16),
  new nn.BatchNorm1d(16),
  new nn.ReLU(),
  new nn.Linear(16, 2),
);

const device = await createGpuBackend();
model.to(device);
const data = [x, y, heldOutX, heldOutY].map((t: Tensor) => t.to(device));
const [inputs, classes, heldOutInputs, heldOutClasses] = data as [Tensor, Tensor, Tensor, Tensor];

const criterion = new nn.CrossEntropyLoss();
const optimizer = new Adam(model.parameters(), { lr: 0.01 });
for (let epoch = 1; epoch <= 1; epoch++) {
  const order = randperm(512).to(device);
  for (let at = 0; at < 512; at += 32) {
    // A scope gives the buffers of a step back to the next one.
    scope(() => {
      const rows = order.narrow(0, at, 32);
      optimizer.zeroGrad();
      const scores = model.call(inputs.indexSelect(0, rows)) as Tensor;
      criterion.call(scores, classes.indexSelect(0, rows)).backward();
      optimizer.step();
    });
  }
  model.eval();
  const [loss, accuracy] = scope(() =>
    noGrad(() => {
      const scores = model.call(heldOutInputs) as Tensor;
      const right = scores.argmax(1).eq(heldOutClasses).to('float32').mean();
      return [criterion.call(scores, heldOutClasses) as Tensor, right as Tensor] as const;
    }),
  );
  model.train();
  const [l, a] = [Number((await loss.data())[0]), Number((await accuracy.data())[0])];
  console.log('epoch', epoch, 'held-out loss', l.toFixed(4), 'accuracy', a.toFixed(4));
}
