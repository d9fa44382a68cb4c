import { manualSeed, noGrad, randperm, scope, type Tensor, tensor } from '@nabla/core';
import * as nn from '@nabla/nn';
import { Adam } from '@nabla/optim';

/**
 * Digits in typefaces: 1,280 images [n, 1, 14, 14] between 0 and 1 and their classes [n], and 512 of them in typefaces that
 * do not occur among the first.
 */
async function digits(url: string): Promise<[x: Tensor, y: Tensor, heldOutX: Tensor, heldOutY: Tensor]> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  const bytes = new Uint8Array(await response.arrayBuffer());
  let at = 0;
  // Two pixels a byte, then the labels.
  const part = (n: number): [x: Tensor, y: Tensor] => {
    const pixels = new Float32Array(n * 196);
    for (let i = 0; i < pixels.length; i++) pixels[i] = ((bytes[at + (i >> 1)]! >> (i % 2 === 0 ? 4 : 0)) & 15) / 15;
    at += n * 98 + n;
    return [tensor(pixels).reshape([n, 1, 14, 14]), tensor(Float32Array.from(bytes.subarray(at - n, at))).to('int64')];
  };
  return [...part(1280), ...part(512)];
}

manualSeed(0);
const [x, y, heldOutX, heldOutY] = await digits('https://example.org/digits.bin');
const model = new nn.Sequential(
  new nn.Conv2d(1, 4, 3, { padding: 1 }),
  new nn.LayerNorm([4, 14, 14]),
  new nn.SiLU(),
  new nn.MaxPool2d(2),
  new nn.Conv2d(4, 4, 3, { padding: 1 }),
  new nn.LayerNorm([4, 7, 7]),
  new nn.SiLU(),
  new nn.MaxPool2d(2),
  new nn.Conv2d(4, 4, 3, { padding: 1 }),
  new nn.LayerNorm([4, 3, 3]),
  new nn.SiLU(),
  new nn.Flatten(),
  new nn.Linear(36, 10),
);
for (const { weight } of model.modules().filter((m) => m instanceof nn.Linear || m instanceof nn.Conv2d)) {
  noGrad(() => (weight as Tensor).mul_(0.5));
}
const data: Tensor[] = [x, y, heldOutX, heldOutY];
const [inputs, classes, heldOutInputs, heldOutClasses] = data as [Tensor, Tensor, Tensor, Tensor];

const criterion = new nn.CrossEntropyLoss();
const optimizer = new Adam(model.parameters(), { lr: 0.01 });
for (let epoch = 1; epoch <= 1; epoch++) {
  const order = randperm(1280);
  for (let at = 0; at < 1280; at += 32) {
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
