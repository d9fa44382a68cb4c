// Packs the published packages, installs the tarballs into an empty project as a user without a compiler and without
// gpu.js would, and trains there: as an ES module, through require(), and as one minified bundle. Data comes from worker
// threads too, where there are files. A second project has the optional dependencies, by which a library is called.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = ['core', 'nn', 'optim', 'io', 'train', 'backend-gpu', 'backend-native'];
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], shell: process.platform === 'win32' });

const names = `{ manualSeed, randn, scope } = CORE, { Linear, MSELoss, Sequential, Tanh } = NN, { Adam } = OPTIM, { readCheckpoint, writeCheckpoint } = IO, { DataLoader, readCsv, TensorDataset } = TRAIN, { createGpuBackend } = GPU`;
const program = `
manualSeed(0);
const x = randn([64, 2]);
const y = x.narrow(1, 0, 1).mul(x.narrow(1, 1, 1));
const model = new Sequential(new Linear(2, 16), new Tanh(), new Linear(16, 1));
const optimizer = new Adam(model.parameters(), { lr: 0.05 });
const lossOf = new MSELoss();
const step = () => scope(() => { optimizer.zeroGrad(); const loss = lossOf.call(model.call(x), y); loss.backward(); optimizer.step(); return loss.item(); });
const first = step();
for (let i = 0; i < 200; i++) step();
const last = step();
if (!(last < first / 10)) throw new Error('the loss went from ' + first + ' to ' + last);
console.warn = (line) => { globalThis.warned = line; };
createGpuBackend().then(async (b) => {
  if (b.report().backend !== 'cpu' || !/gpu\\.js/.test(globalThis.warned ?? '')) throw new Error('no fallback line: ' + globalThis.warned);
  const loader = new DataLoader(new TensorDataset(x, y), { batchSize: 10, shuffle: true });
  let samples = 0;
  for await (const [batch] of loader) samples += batch.shape[0];
  const state = readCheckpoint(await writeCheckpoint({ model, loader }));
  const table = readCsv('a,b\\n"1",2\\n');
  if (samples !== 64 || state.size !== 2 || table.matrix().sum().item() !== 3) throw new Error('the data is not what was put in');
  console.log('ok ' + last.toExponential(2));
});
`;
const samples = `
import { tensor } from '@nabla/core';
export const createDataset = (n) => ({ length: n, get: (i, { seed }) => [tensor([i]), BigInt(seed % 1000)] });
`;
const threads = `
import { Generator } from '@nabla/core';
import { DataLoader } from '@nabla/train';
import { WorkerPool } from '@nabla/train/node';
import { createDataset } from './samples.mjs';
const pool = new WorkerPool(new URL('./samples.mjs', import.meta.url), { size: 2, data: 10 });
const read = async (dataset) => {
  const out = [];
  const loader = new DataLoader(dataset, { batchSize: 3, shuffle: true, generator: new Generator(1) });
  for await (const [x, y] of loader) out.push([x.toArray(), y.toArray()]);
  return JSON.stringify(out);
};
if ((await read(await pool.dataset())) !== (await read(createDataset(10)))) throw new Error('threads change what is read');
console.log('ok ' + pool.running + ' threads');
`;
const native = `
import { ones } from '@nabla/core';
import { disableNative, enableNative } from '@nabla/backend-native';
const lines = [];
console.warn = (line) => { lines.push(line); };
const found = await enableNative({ threads: 1 });
const sum = ones([64, 50]).matmul(ones([50, 64])).sum().item();
if (sum !== 64 * 50 * 64) throw new Error('a product is wrong: ' + sum);
if (disableNative() !== (found !== null)) throw new Error('disableNative does not know what there was');
const said = /^@nabla\\/backend-native: no BLAS library here, matrix products stay in WebAssembly \\((.+)\\); .+/.exec(lines[0] ?? '');
if (lines.length !== (found === null ? 1 : 0) || (found === null && said === null)) throw new Error('it says ' + lines.join());
if (process.argv[2] === 'no binary' && !/^koffi, which calls libraries, cannot be loaded/.test(said?.[1] ?? '')) throw new Error('it says ' + lines.join());
console.log('ok ' + (found?.name ?? said[1].slice(0, 60)));
`;
const specifiers = {
  CORE: '@nabla/core',
  NN: '@nabla/nn',
  OPTIM: '@nabla/optim',
  IO: '@nabla/io',
  TRAIN: '@nabla/train',
  GPU: '@nabla/backend-gpu',
};
const parts = names.match(/\{[^}]*\} = \w+/g).map((p) => p.split(' = '));
const imports = parts.map(([what, from]) => `import ${what} from '${specifiers[from]}';`).join('\n');
const requires = parts.map(([what, from]) => `const ${what} = require('${specifiers[from]}');`).join('\n');

/** Names of everything that packages depend on, through others too: neither peers nor what is optional. */
function dependencies(project, names, found = new Set()) {
  for (const name of names) {
    if (found.has(name)) continue;
    found.add(name);
    const manifest = join(project, 'node_modules', name, 'package.json');
    if (!existsSync(manifest)) continue; // inside of what depends on it
    const { dependencies: further = {} } = JSON.parse(readFileSync(manifest, 'utf8'));
    dependencies(project, Object.keys(further), found);
  }
  return found;
}

const dir = mkdtempSync(join(tmpdir(), 'nabla-install-'));

/** A new project that has the tarballs. */
function install(project, tarballs, options) {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  const usual = ['--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
  run(npm, ['install', ...usual, ...options, ...tarballs.map((t) => join(dir, t))], project);
  return project;
}

try {
  const tarballs = packages.map((name) => {
    if (!existsSync(join(root, 'packages', name, 'dist', 'index.js')))
      throw new Error(`packages/${name}/dist is missing: npm run build first`);
    run(npm, ['pack', '--silent', '--pack-destination', dir], join(root, 'packages', name));
    return readdirSync(dir).find((f) => f.startsWith(`nabla-${name}-`));
  });
  const project = install(join(dir, 'project'), tarballs, ['--omit=optional']);
  const installed = readdirSync(join(project, 'node_modules')).filter((n) => !n.startsWith('.') && n !== '@nabla');
  const declared = dependencies(
    project,
    packages.map((name) => `@nabla/${name}`),
  );
  const stray = installed.filter((n) => !declared.has(n));
  if (stray.length > 0) throw new Error(`the install brought what nothing depends on: ${stray.join(', ')}`);
  const ofCore = [...dependencies(project, ['@nabla/core'])].slice(1);
  if (ofCore.length > 0) throw new Error(`@nabla/core depends on ${ofCore.join(', ')}`);
  writeFileSync(join(project, 'program.mjs'), imports + program);
  writeFileSync(join(project, 'program.cjs'), requires + program);
  writeFileSync(join(project, 'samples.mjs'), samples);
  writeFileSync(join(project, 'threads.mjs'), threads);
  for (const file of ['program.mjs', 'program.cjs', 'threads.mjs'])
    console.log(`${file}: ${run(process.execPath, [file], project).trim()}`);
  const ofNative = tarballs.filter((t) => /-(core|backend-native)-/.test(t));
  for (const [at, state] of [
    [project, 'no binary'],
    [install(join(dir, 'with-optional'), ofNative, []), 'binary'],
  ]) {
    writeFileSync(join(at, 'native.mjs'), native);
    console.log(`native.mjs, ${state}: ${run(process.execPath, ['native.mjs', state], at).trim()}`);
  }
  // Beside the project, where no package can be found: the bundle has to hold everything.
  await build({
    root: project,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: join(project, 'program.mjs'),
      outDir: join(dir, 'bundle'),
      minify: true,
      rolldownOptions: { external: ['gpu.js'], output: { entryFileNames: 'program.mjs', codeSplitting: false } },
    },
  });
  console.log(`minified bundle: ${run(process.execPath, ['program.mjs'], join(dir, 'bundle')).trim()}`);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
