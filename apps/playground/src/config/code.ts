import blobsSource from '../data/blobs.ts?raw';
import circlesSource from '../data/circles.ts?raw';
import digitsSource from '../data/digits.ts?raw';
import moonsSource from '../data/moons.ts?raw';
import spiralsSource from '../data/spirals.ts?raw';
import type { Config } from './config.ts';
import { type LayerPlan, optimizerOf, planOf } from './plan.ts';

const sources = { moons: moonsSource, circles: circlesSource, spirals: spiralsSource, blobs: blobsSource, digits: digitsSource };

/** A value as source text. */
function literal(value: LayerPlan['args'][number]): string {
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) return `[${value.join(', ')}]`;
  return `{ ${Object.entries(value)
    .map(([key, n]) => `${key}: ${n}`)
    .join(', ')} }`;
}

const layer = ({ name, args }: LayerPlan): string => `new nn.${name}(${args.map(literal).join(', ')})`;

/** The names that a source imports of core, and what follows its imports, not exported. */
function dataSource(data: Config['data']): { names: string[]; body: string } {
  const source = sources[data];
  const found = /^import \{ (.*) \} from '@nabla\/core';\n/.exec(source);
  return {
    names: found![1]!.split(', '),
    body: source
      .slice(found![0].length)
      .trim()
      .replace(/^export /gm, ''),
  };
}

/** By name, as the linter of this repository sorts; `type` does not count. */
const bare = (name: string): string => name.replace('type ', '').toLowerCase();

const scaling = (init: number): string[] => [
  'for (const { weight } of model.modules().filter((m) => m instanceof nn.Linear || m instanceof nn.Conv2d)) {',
  `  noGrad(() => (weight as Tensor).mul_(${init}));`,
  '}',
];

/**
 * The network, its data and its training as a program that runs as it is, with the same numbers as here.
 *
 * @param digitsUrl where the images are
 */
export function programOf(config: Config, digitsUrl: string): string {
  const { data, noise, seed, init, epochs, batch, device } = config;
  const images = data === 'digits';
  const onGpu = device === 'gpu';
  const { names, body } = dataSource(data);
  const imports = [...new Set([...names, 'manualSeed', 'noGrad', 'randperm', 'scope', 'type Tensor'])];
  imports.sort((a, b) => (bare(a) < bare(b) ? -1 : 1));
  const optimizer = optimizerOf(config);
  const n = images ? 1280 : 512;
  const held = images
    ? [`const [x, y, heldOutX, heldOutY] = await digits('${digitsUrl.replaceAll("'", '%27')}');`]
    : [`const [x, y] = ${data}(${n}, ${noise});`, `const [heldOutX, heldOutY] = ${data}(512, ${noise});`];
  const lines = [
    ...(onGpu ? [`import { createGpuBackend } from '@nabla/backend-gpu';`] : []),
    `import { ${imports.join(', ')} } from '@nabla/core';`,
    `import * as nn from '@nabla/nn';`,
    `import { ${optimizer.name} } from '@nabla/optim';`,
    '',
    body,
    '',
    `manualSeed(${seed});`,
    ...held,
    'const model = new nn.Sequential(',
    ...planOf(config).map((l) => `  ${layer(l)},`),
    ');',
    ...(init === 1 ? [] : scaling(init)),
    ...(onGpu ? ['', 'const device = await createGpuBackend();', 'model.to(device);'] : []),
    ...(onGpu
      ? ['const data = [x, y, heldOutX, heldOutY].map((t: Tensor) => t.to(device));']
      : ['const data: Tensor[] = [x, y, heldOutX, heldOutY];']),
    'const [inputs, classes, heldOutInputs, heldOutClasses] = data as [Tensor, Tensor, Tensor, Tensor];',
    '',
    'const criterion = new nn.CrossEntropyLoss();',
    `const optimizer = new ${optimizer.name}(model.parameters(), ${literal(optimizer.options)});`,
    `for (let epoch = 1; epoch <= ${epochs}; epoch++) {`,
    `  const order = randperm(${n})${onGpu ? '.to(device)' : ''};`,
    `  for (let at = 0; at < ${n}; at += ${batch}) {`,
    '    // A scope gives the buffers of a step back to the next one.',
    '    scope(() => {',
    `      const rows = order.narrow(0, at, ${batch});`,
    '      optimizer.zeroGrad();',
    '      const scores = model.call(inputs.indexSelect(0, rows)) as Tensor;',
    '      criterion.call(scores, classes.indexSelect(0, rows)).backward();',
    '      optimizer.step();',
    '    });',
    '  }',
    '  model.eval();',
    '  const [loss, accuracy] = scope(() =>',
    '    noGrad(() => {',
    '      const scores = model.call(heldOutInputs) as Tensor;',
    "      const right = scores.argmax(1).eq(heldOutClasses).to('float32').mean();",
    '      return [criterion.call(scores, heldOutClasses) as Tensor, right as Tensor] as const;',
    '    }),',
    '  );',
    '  model.train();',
    '  const [l, a] = [Number((await loss.data())[0]), Number((await accuracy.data())[0])];',
    "  console.log('epoch', epoch, 'held-out loss', l.toFixed(4), 'accuracy', a.toFixed(4));",
    '}',
    '',
  ];
  return lines.join('\n');
}
