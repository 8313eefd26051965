// How long the verification of keyless bundles takes, beside sigstore's own libraries: `npm run bench:verify`.
// BENCH_ROUNDS sets the number of rounds (5), BENCH_BUNDLES that of bundles (500).
import { fileURLToPath } from 'node:url';
import { compile, runClient, startServers } from './support/keyless.mjs';
import { machine, median, printTable } from './support/measure.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const COUNT = Number(process.env.BENCH_BUNDLES ?? 500);
const RTT_MS = 20;
/** Of the bundles, those that sigstore.verify() verifies: it asks the TUF mirror for each. */
const LOOP = Math.min(50, COUNT);

const { folder, remove } = await compile();
const { instance, stop } = await startServers(folder, { rttMs: RTT_MS });
try {
  const client = fileURLToPath(new URL('./support/verify-client.mjs', import.meta.url));
  const result = await runClient(client, folder, { instance, count: COUNT, loop: LOOP, rounds: ROUNDS });
  const rows = Object.entries(result).flatMap(([name, samples]) => {
    const own = median(samples['nx-proof']) / COUNT;
    return Object.entries(samples).map(([by, all]) => {
      const each = median(all) / (by === 'sigstore.verify()' ? LOOP : COUNT);
      return [name, by, each.toFixed(2), (each * COUNT) / 1000, `${(each / own).toFixed(1)} x`];
    });
  });
  console.log(`${machine()}; ${COUNT} bundles, ${ROUNDS} interleaved rounds, TUF mirror at ${RTT_MS} ms\n`);
  printTable(['bundles', 'by', 'ms each', `s for ${COUNT}`, 'to nx-proof'], rows);
} finally {
  await stop();
  await remove();
}
