// Packs the published packages, installs the tarballs into an empty project as a user without a compiler and without
// gpu.js would, and trains there: as an ES module, through require(), and as one minified bundle.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const packages = ['core', 'nn', 'optim', 'backend-gpu'];
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], shell: process.platform === 'win32' });

const names = `{ manualSeed, randn, scope } = CORE, { Linear, MSELoss, Sequential, Tanh } = NN, { Adam } = OPTIM, { createGpuBackend } = GPU`;
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
createGpuBackend().then((b) => {
  if (b.report().backend !== 'cpu' || !/gpu\\.js/.test(globalThis.warned ?? '')) throw new Error('no fallback line: ' + globalThis.warned);
  console.log('ok ' + last.toExponential(2));
});
`;
const specifiers = { CORE: '@nabla/core', NN: '@nabla/nn', OPTIM: '@nabla/optim', GPU: '@nabla/backend-gpu' };
const parts = names.match(/\{[^}]*\} = \w+/g).map((p) => p.split(' = '));
const imports = parts.map(([what, from]) => `import ${what} from '${specifiers[from]}';`).join('\n');
const requires = parts.map(([what, from]) => `const ${what} = require('${specifiers[from]}');`).join('\n');

const dir = mkdtempSync(join(tmpdir(), 'nabla-install-'));
try {
  const tarballs = packages.map((name) => {
    if (!existsSync(join(root, 'packages', name, 'dist', 'index.js')))
      throw new Error(`packages/${name}/dist is missing: npm run build first`);
    run(npm, ['pack', '--silent', '--pack-destination', dir], join(root, 'packages', name));
    return readdirSync(dir).find((f) => f.startsWith(`nabla-${name}-`));
  });
  const project = join(dir, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true }');
  run(
    npm,
    ['install', '--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--silent', ...tarballs.map((t) => join(dir, t))],
    project,
  );
  const installed = readdirSync(join(project, 'node_modules')).filter((n) => !n.startsWith('.'));
  if (installed.join() !== '@nabla') throw new Error(`the install brought more than Nabla: ${installed.join(', ')}`);
  writeFileSync(join(project, 'program.mjs'), imports + program);
  writeFileSync(join(project, 'program.cjs'), requires + program);
  for (const file of ['program.mjs', 'program.cjs']) console.log(`${file}: ${run(process.execPath, [file], project).trim()}`);
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
