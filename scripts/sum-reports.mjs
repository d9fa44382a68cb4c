// Adds up vitest's JSON reports: node scripts/sum-reports.mjs OTHER_FAILURES STATUS:REPORT...
// STATUS is the exit status of the run that wrote REPORT. A test file that could not be loaded and a run that failed
// without a failed test (an unhandled error, a broken configuration, no report at all) count as one failure each.
// Prints `N passed, N failed` and exits with 1 when anything failed or nothing ran.
import { readFileSync } from 'node:fs';

const [otherFailures, ...runs] = process.argv.slice(2);
let passed = 0;
let failed = Number(otherFailures);
for (const run of runs) {
  const [, status, path] = /^(\d+):(.*)$/.exec(run);
  let report = {};
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    console.error(`no report in ${path}`);
  }
  const brokenFiles = (report.testResults ?? []).filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failures = (report.numFailedTests ?? 0) + brokenFiles.length;
  passed += report.numPassedTests ?? 0;
  failed += failures === 0 && (status !== '0' || report.success !== true) ? 1 : failures;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
