import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { programsIn } from '../src/guide.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const files = [
  'README.md',
  ...readdirSync(join(root, 'packages'))
    .filter((p) => p !== 'testing')
    .map((p) => `packages/${p}/README.md`),
  ...readdirSync(join(root, 'docs')).flatMap((f) => (f.endsWith('.md') ? [`docs/${f}`] : [])),
].filter((f) => existsSync(join(root, f)));
const programs = files.flatMap((f) => programsIn(join(root, f), f));

/** Runs every program in one process and gives what each printed, or its error. */
const runner = `
const printed = [];
for (const file of process.argv.slice(2)) {
  const lines = [];
  console.log = (...args) => lines.push(require('node:util').format(...args));
  let error = null;
  try { await import(file); } catch (e) { error = String(e?.stack ?? e); }
  printed.push({ output: lines.join('\\n'), error });
}
process.stdout.write(JSON.stringify(printed));
`;

/** What the compiler says of programs in a folder. The packages that they import are checked elsewhere. */
function typeErrors(folder: string, paths: readonly string[]): string {
  const options = { extends: join(root, 'tsconfig.json'), compilerOptions: { noUnusedLocals: false }, exclude: [] };
  const { options: parsed, errors } = ts.parseJsonConfigFileContent(options, ts.sys, folder);
  const program = ts.createProgram(paths, parsed);
  const found = paths.flatMap((path) => {
    const file = program.getSourceFile(path)!;
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  });
  return ts.formatDiagnostics([...errors, ...found], {
    getCanonicalFileName: (name) => name,
    getCurrentDirectory: () => folder,
    getNewLine: () => '\n',
  });
}

describe('programs in the guides', () => {
  // Inside the repository: a program finds the packages as a user's does.
  let folder = '';
  let results: readonly { readonly output: string; readonly error: string | null }[] = [];
  let types = '';

  beforeAll(() => {
    mkdirSync(join(root, 'packages/testing/.guide'), { recursive: true });
    folder = mkdtempSync(join(root, 'packages/testing/.guide/run-'));
    const paths = programs.map((p, i) => {
      const path = join(folder, p.file ?? `${i}.ts`);
      writeFileSync(path, p.file === null ? `${p.source}\nexport {};\n` : `${p.source}\n`);
      return path;
    });
    const node = ['--conditions=@nabla/source', '--import', 'tsx'];
    writeFileSync(
      join(folder, 'run.mts'),
      `import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\n${runner}`,
    );
    const run = spawnSync(process.execPath, [...node, join(folder, 'run.mts'), ...paths], { cwd: root, encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(0);
    results = JSON.parse(run.stdout) as typeof results;
    types = typeErrors(folder, paths);
  }, 300_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are found', () => expect(programs.length).toBeGreaterThan(5));
  it('have no type errors', () => expect(types).toBe(''));
  it.each(programs.map((p, i) => ({ ...p, i })))('$name', ({ i, output }) => {
    expect(results[i]!.error).toBeNull();
    if (output !== null) expect(results[i]!.output).toBe(output);
  });
});
