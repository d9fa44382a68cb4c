import { allCases } from './cases.ts';
import { mutationTest } from './mutate.ts';

/** `npm run test:mutate`: exits with 1 when a wrong derivative goes unnoticed. An argument selects mutants by name. */
const start = performance.now();
const pattern = process.argv[2];
const report = mutationTest(allCases(), {
  log: (line) => console.log(line),
  ...(pattern === undefined ? {} : { only: new RegExp(pattern) }),
});
const groups = new Map<string, number>();
for (const name of report.kills.keys()) {
  const group = name.startsWith('row') ? 'derivative rows' : 'backward functions';
  groups.set(group, (groups.get(group) ?? 0) + 1);
}
for (const [group, n] of groups) console.log(`${group}: ${n} killed`);
for (const name of report.survivors) console.log(`SURVIVED: ${name}`);
const seconds = ((performance.now() - start) / 1000).toFixed(0);
console.log(`${report.mutants} mutants, ${report.killed} killed, ${report.survivors.length} survived (${seconds} s)`);
process.exitCode = report.survivors.length === 0 && report.mutants > 0 ? 0 : 1;
