import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// `npm run example -- NAME [options]`: starts a program by its name.

const [name, ...args] = process.argv.slice(2);
const here = new URL('.', import.meta.url);
const file = fileURLToPath(new URL(`${name}/main.js`, here));
if (name === undefined || !/^[a-z0-9-]+$/.test(name) || !existsSync(file)) {
  const names = readdirSync(here, { withFileTypes: true }).filter((e) => e.isDirectory() && existsSync(new URL(`${e.name}/main.js`, here)));
  console.error(
    `${name === undefined ? 'no program was named' : `there is no program '${name}'`}; there are ${names.map((e) => e.name).join(', ')}`,
  );
  process.exitCode = 2;
} else {
  process.exitCode = spawnSync(process.execPath, [file, ...args], { stdio: 'inherit' }).status ?? 1;
}
