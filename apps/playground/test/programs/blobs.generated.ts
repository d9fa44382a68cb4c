import { cat, manualSeed, noGrad, ones, randn, randperm, scope, type Tensor, tensor, zeros } from '@nabla/core';
import * as nn from '@nabla/nn';
import { AdamW } from '@nabla/optim';

/** Four clouds at the corners of a square, opposite ones of one class: n points [n, 2], and the class of each [n]. */
function blobs(n: number, noise: number): [x: Tensor, y: Tensor] {
  const corners = [tensor([1, 1]), tensor([-1, -1]), tensor([1, -1]), tensor([-1, 1])];
  const x = cat(
    corners.map((corner) =>
      randn([n / 4, 2])
        .mul(0.15 + noise)
        .add(corner),
    ),
  );
  return [x, cat([zeros([n / 2], { dtype: 'int64' }), ones([n / 2], { dtype: 'int64' })])];
}

manualSeed(0);
const [x, y] = blobs(512, 0.3);
const [heldOutX, heldOutY] = blobs(512, 0.3);
const model = new nn.Sequential(
  new nn.Linear(2, 2),
  new nn.GroupNorm(1, 2),
  new nn.ReLU(),
  new nn.Linear(2, 2),
  new nn.GroupNorm(1, 2),
  new nn.ReLU(),
  new nn.Linear(2, 2),
);
for (const { weight } of model.modules().filter((m) => m instanceof nn.Linear || m instanceof nn.Conv2d)) {
  noGrad(() => (weight as Tensor).mul_(2));
}
const data: Tensor[] = [x, y, heldOutX, heldOutY];
const [inputs, classes, heldOutInputs, heldOutClasses] = data as [Tensor, Tensor, Tensor, Tensor];

const criterion = new nn.CrossEntropyLoss();
const optimizer = new AdamW(model.parameters(), { lr: 0.01 });
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
