// How long a command takes from the start of its process to its end, beside a Node.js that does nothing: `npm run bench:startup`.
// BENCH_ROUNDS sets the number of rounds (31).
import { interleaved, machine, median, percentile, printTable, runToEnd } from './support/measure.mjs';
import { BenchWorkspace } from './support/workspace.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 31);
const PROJECTS = 20;

const one = await BenchWorkspace.create(1);
const many = await BenchWorkspace.create(PROJECTS);
try {
  const samples = await interleaved(
    [
      { name: 'node -e 0', run: () => runToEnd(process.execPath, ['-e', '0'], { cwd: one.root, env: one.env }) },
      { name: 'nx-proof --version', run: () => one.cli('--version') },
      { name: 'nx-proof verify, one proof', run: () => one.cli('verify', 'apps/p0') },
      { name: `nx-proof verify --all, ${PROJECTS} proofs`, run: () => many.cli('verify', '--all') },
      { name: 'nx-proof sign, one statement', run: () => one.cli('sign', 'apps/p0') },
    ],
    { rounds: ROUNDS },
  );
  const empty = median(samples.get('node -e 0'));
  const rows = [...samples].map(([name, all]) => [name, median(all), percentile(all, 95), `${(median(all) / empty).toFixed(2)} x`]);
  console.log(`${machine()}; ${ROUNDS} interleaved rounds; milliseconds\n`);
  printTable(['command', 'median', 'p95', 'to node -e 0'], rows);
} finally {
  await Promise.all([one.remove(), many.remove()]);
}
