import { disableNative, enableNative } from '@nabla/backend-native';
import { manualSeed, randn } from '@nabla/core';
import { cpu } from '@nabla/core/internals';

// What a program sees where there is no library.
manualSeed(0);
const [a, b] = [randn([70, 50]), randn([50, 60])];
const before = a.matmul(b);
const found = await enableNative({ threads: 2 });
const after = a.matmul(b);
let worst = 0;
const [x, y, z] = [a.dataSync(), b.dataSync(), after.dataSync()];
for (let i = 0; i < 70; i++) {
  for (let j = 0; j < 60; j++) {
    let sum = 0;
    for (let k = 0; k < 50; k++) sum += x[i * 50 + k]! * y[k * 60 + j]!;
    worst = Math.max(worst, Math.abs(z[i * 60 + j]! - sum));
  }
}
const same = before.dataSync().every((v, i) => v === z[i]);
console.log(JSON.stringify({ found, device: cpu.report().device, worst, same, disabled: disableNative() }));
