import { cat, manualSeed, noGrad, ones, rand, randn, randperm, scope, stack, type Tensor, zeros } from '@nabla/core';
import * as nn from '@nabla/nn';
import { SGD } from '@nabla/optim';

/** Two spirals of one turn and a half: n points [n, 2], and the class of each [n]. */
function spirals(n: number, noise: number): [x: Tensor, y: Tensor] {
  // The root spreads the points evenly along the arm.
  const along = rand([n / 2]).sqrt();
  const angle = along.mul(3 * Math.PI);
  const radius = along.mul(1.7);
  const arm = stack([angle.cos().mul(radius), angle.sin().mul(radius)], 1);
  const x = cat([arm, arm.neg()]).add(randn([n, 2]).mul(noise / 2));
  return [x, cat([zeros([n / 2], { dtype: 'int64' }), ones([n / 2], { dtype: 'int64' })])];
}

manualSeed(7);
const [x, y] = spirals(512, 0.1);
const [heldOutX, heldOutY] = spirals(512, 0.1);
const model = new nn.Sequential(
  new nn.Linear(2, 16),
  new nn.LayerNorm(16),
  new nn.GELU(),
  new nn.Linear(16, 16),
  new nn.LayerNorm(16),
  new nn.GELU(),
  new nn.Linear(16, 16),
  new nn.LayerNorm(16),
  new nn.GELU(),
  new nn.Linear(16, 16),
  new nn.LayerNorm(16),
  new nn.GELU(),
  new nn.Linear(16, 2),
);
const data: Tensor[] = [x, y, heldOutX, heldOutY];
const [inputs, classes, heldOutInputs, heldOutClasses] = data as [Tensor, Tensor, Tensor, Tensor];

const criterion = new nn.CrossEntropyLoss();
const optimizer = new SGD(model.parameters(), { lr: 0.01, momentum: 0.9 });
for (let epoch = 1; epoch <= 1; epoch++) {
  const order = randperm(512);
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
