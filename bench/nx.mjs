// npm run bench:nx [-- COUNT…]: what proofs add to an Nx run, beside batch executors that do nothing but leave outputs of like size. After "npm run build".
import { existsSync } from 'node:fs';
import path from 'node:path';
import { REPOSITORY } from '../examples/support/tools.mjs';
import { interleaved, machine, median, printTable } from './support/measure.mjs';
import { BenchWorkspace } from './support/nx-workspace.mjs';

const ROUNDS = 5;

if (!existsSync(path.join(REPOSITORY, 'dist', 'src', 'index.js'))) throw new Error('dist is missing: run "npm run build" first');
const counts = process.argv.slice(2).map(Number);
if (counts.some((count) => !Number.isInteger(count) || count < 1)) throw new Error('give numbers of projects, such as 100 500');

const all = (target, ...args) => ['run-many', '-t', target, '--output-style=static', ...args];

/** Uncached: all three tasks of each project run. Replayed: create and sign come from the cache, and verify runs. Hashing is what verifying costs beyond Nx. */
async function measure(count) {
  const workspace = await BenchWorkspace.create(count);
  try {
    const cases = [
      { name: 'floor, uncached', run: () => workspace.nx(...all('floor-verify', '--skip-nx-cache')) },
      { name: 'proofs, uncached', run: () => workspace.nx(...all('proof-verify', '--skip-nx-cache')) },
    ];
    const uncached = await interleaved(cases, { rounds: ROUNDS, warmups: 1 });
    for (const target of ['floor-verify', 'proof-verify']) await workspace.nx(...all(target));
    const replayed = await interleaved(
      [
        { name: 'floor, replayed', run: () => workspace.nx(...all('floor-verify')) },
        { name: 'proofs, replayed', run: () => workspace.nx(...all('proof-verify')) },
      ],
      { rounds: ROUNDS, warmups: 1 },
    );
    return new Map([...uncached, ...replayed].map(([name, samples]) => [name, median(samples)]));
  } finally {
    await workspace.remove();
  }
}

const rows = [];
const perProject = new Map();
for (const count of counts.length === 0 ? [100, 500] : counts) {
  const medians = await measure(count);
  for (const kind of ['uncached', 'replayed']) {
    const floor = medians.get(`floor, ${kind}`);
    const proofs = medians.get(`proofs, ${kind}`);
    rows.push([String(count), kind, floor, proofs, proofs / floor]);
    perProject.set(kind, [...(perProject.get(kind) ?? []), { count, milliseconds: proofs - floor }]);
  }
}
console.log(`create, sign and verify of N projects with a local key, ms (median of ${ROUNDS}); ${machine()}\n`);
printTable(['projects', 'create and sign', 'floor ms', 'proofs ms', 'ratio'], rows);
for (const [kind, [first, last]] of perProject) {
  if (last === undefined) continue;
  const factor = last.milliseconds / first.milliseconds / (last.count / first.count);
  console.log(`\n${kind}: from ${first.count} to ${last.count} projects the time above the floor grows ${factor.toFixed(2)} x as fast as their number`);
}
