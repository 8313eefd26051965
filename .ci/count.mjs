// Adds up the reports of the test runs and prints the sum as the last line; exit code 1 unless everything passed.
// Arguments: the folder of the reports, then the exit code of each command that was run.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const [folder = '.', ...exitCodes] = process.argv.slice(2);
const reports = readdirSync(folder).map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')));
const sum = (count) => reports.reduce((total, report) => total + count(report), 0);

// A test file that cannot be loaded fails without a test of its own.
const unloadable = (report) => (report.testResults ?? []).filter((file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed')).length;

const passed = sum((report) => report.numPassedTests);
const counted = sum((report) => report.numFailedTests + unloadable(report));
// A command that failed otherwise (an install, a lint, a build, a coverage threshold) counts as one failure.
const failed = Math.max(counted, exitCodes.filter((code) => code !== '0').length);

console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
