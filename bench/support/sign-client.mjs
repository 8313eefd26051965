// Signs statements in this process, by nx-proof and by sigstore's attest(): started by bench/sign.mjs. With "once", one statement by one of them.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { productOf } from './keyless.mjs';
import { timed } from './measure.mjs';

const { folder, instance, count, loop, rounds, concurrencies, once } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const TYPE = 'application/vnd.in-toto+json';
let made = 0;
/** Another one each time: a log holds each entry once. */
const payload = () => Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', number: `${process.pid}-${(made += 1)}`, subject: [{ name: 'apps/app/dist/main.js', digest: { sha256: 'a'.repeat(64) } }] }));

/** One session for `total` statements, that many at a time; the milliseconds of each from its beginning to its bundle. */
async function bySession(total, atOnce) {
  const { signer, close } = await productOf(folder).openSigner(instance, 'log', atOnce);
  const each = [];
  let left = total;
  const worker = async () => {
    while ((left -= 1) >= 0) each.push(await timed(() => signer.sign(payload())));
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, total) }, worker));
  await close();
  return each;
}

async function byAttest(total) {
  // Loaded here, so that the cold start of nx-proof does not pay for it.
  const { attest } = createRequire(import.meta.url)('sigstore');
  const each = [];
  const { fulcioUrl: fulcioURL, rekorUrl: rekorURL, token: identityToken } = instance;
  while (each.length < total) each.push(await timed(() => attest(payload(), TYPE, { fulcioURL, rekorURL, identityToken })));
  return each;
}

async function measure(run) {
  let each = [];
  const total = await timed(async () => (each = await run()));
  return { total, each };
}

if (once !== undefined) {
  await (once === 'attest' ? byAttest(1) : bySession(1, 1));
  console.log('{}');
} else {
  const cases = [['attest', () => byAttest(loop)], ...concurrencies.map((atOnce) => [String(atOnce), () => bySession(count, atOnce)])];
  const result = Object.fromEntries(cases.map(([name]) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, run] of cases) {
      const measured = await measure(run);
      if (round >= 0) result[name].push(measured);
    }
  }
  console.log(JSON.stringify(result));
}
