// How long keyless signatures take, beside a loop of sigstore.attest(): `npm run bench:sign`. The services are a process of their own, over TLS.
// BENCH_ROUNDS sets the number of rounds (3), BENCH_SIGNATURES that of signatures (100), BENCH_CONCURRENCY how many are made at once (a list).
import { fileURLToPath } from 'node:url';
import { compile, productOf, runClient, startServers } from './support/keyless.mjs';
import { machine, median, percentile, printTable, timed } from './support/measure.mjs';

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3);
const COUNT = Number(process.env.BENCH_SIGNATURES ?? 100);
/** Of attest(), which makes one after the other. */
const LOOP = Math.min(20, COUNT);
const CLIENT = fileURLToPath(new URL('./support/sign-client.mjs', import.meta.url));

const { folder, remove } = await compile();
const concurrencies = process.env.BENCH_CONCURRENCY?.split(',').map(Number) ?? [productOf(folder).DEFAULT_CONCURRENCY];

/** Runs `work` with servers of their own. */
async function withServers(options, work) {
  const { instance, stop } = await startServers(folder, options);
  try {
    return await work(instance);
  } finally {
    await stop();
  }
}

async function throughput(rttMs, keepAlive) {
  const result = await withServers({ rttMs, keepAlive }, (instance) => runClient(CLIENT, folder, { instance, count: COUNT, loop: LOOP, rounds: ROUNDS, concurrencies }));
  const ofEach = ([name, samples]) => {
    const total = median(samples.map((sample) => sample.total)) / (name === 'attest' ? LOOP : COUNT);
    const p95 = median(samples.map(({ each }) => percentile(each, 95)));
    return { name: name === 'attest' ? 'loop of attest()' : `nx-proof, ${name} at once`, total, p95 };
  };
  const measured = Object.entries(result).map(ofEach);
  const attest = measured.find(({ name }) => name === 'loop of attest()');
  return measured.map(({ name, total, p95 }) => [`${rttMs} ms`, keepAlive ? 'yes' : 'no', name, total, (total * COUNT) / 1000, p95, `${(attest.total / total).toFixed(1)} x`]);
}

/** From the start of a process to its end, with one signature. */
async function coldStart(rttMs) {
  return withServers({ rttMs }, async (instance) => {
    const samples = { attest: [], session: [] };
    for (let round = 0; round < ROUNDS + 2; round += 1) {
      for (const once of Object.keys(samples)) samples[once].push(await timed(() => runClient(CLIENT, folder, { instance, once })));
    }
    const [attest, own] = [median(samples.attest), median(samples.session)];
    return [
      [`${rttMs} ms`, 'one attest()', attest, '1.0 x'],
      [`${rttMs} ms`, 'nx-proof', own, `${(attest / own).toFixed(1)} x`],
    ];
  });
}

try {
  const rows = [];
  for (const [rttMs, keepAlive] of [[0, true], [20, true], [50, true], [20, false]]) rows.push(...(await throughput(rttMs, keepAlive)));
  const cold = [...(await coldStart(0)), ...(await coldStart(20))];
  console.log(`${machine()}; ${COUNT} signatures (${LOOP} by attest()), ${ROUNDS} interleaved rounds\n`);
  printTable(['round trip', 'keep-alive', 'by', 'ms each', `s for ${COUNT}`, 'p95 of one, ms', 'to attest()'], rows);
  console.log();
  printTable(['round trip', 'one signature, from the start of a process', 'ms', 'to attest()'], cold);
} finally {
  await remove();
}
