// Verifies bundles in this process, by nx-proof and by sigstore's libraries: started by bench/verify.mjs.
import { readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundleFromJSON } from '@sigstore/bundle';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { verify as sigstoreVerify } from 'sigstore';
import { productOf } from './keyless.mjs';
import { interleaved } from './measure.mjs';

const { folder, instance, count, loop, rounds } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const { openSigner, openVerifier } = productOf(folder);
const payload = (index) => Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', index, subject: [{ name: `apps/p${index}/dist/main.js`, digest: { sha256: 'a'.repeat(64) } }] }));

/** As many bundles, by one certificate for all or by one each. */
async function sign(witnesses, perCertificate) {
  const bundles = [];
  while (bundles.length < count) {
    const { signer, close } = await openSigner(instance, witnesses);
    const indexes = Array.from({ length: Math.min(perCertificate, count - bundles.length) }, (_, index) => bundles.length + index);
    bundles.push(...(await Promise.all(indexes.map((index) => signer.sign(payload(index))))));
    await close();
  }
  return bundles;
}

const library = new Verifier(toTrustMaterial(TrustedRoot.fromJSON(instance.trustedRoot)));
const policy = { subjectAlternativeName: `^${instance.identity.replace(/[.+]/g, '\\$&')}$`, extensions: { issuer: instance.issuer } };
const product = openVerifier(instance);
const rootFile = path.join(folder, 'root.json');
await writeFile(rootFile, Buffer.from(instance.tufRoot, 'base64'));
const tuf = { tufMirrorURL: instance.tufUrl, tufRootPath: rootFile, tufCachePath: await mkdtemp(path.join(folder, 'tuf-')), certificateIdentityURI: policy.subjectAlternativeName, certificateIssuer: instance.issuer };

const result = {};
for (const [name, witnesses, perCertificate] of [['one certificate each', 'log', 1], ['one certificate for all', 'log', count], ['one certificate for all, with timestamps', 'log and timestamps', count]]) {
  const bundles = await sign(witnesses, perCertificate);
  const each = async (list, verify) => {
    for (const bundle of list) await verify(bundle);
  };
  const samples = await interleaved(
    [
      { name: 'nx-proof', run: () => each(bundles, product) },
      { name: 'Verifier', run: () => each(bundles, (bundle) => library.verify(toSignedEntity(bundleFromJSON(JSON.parse(bundle.toString()))), policy)) },
      ...(perCertificate === 1 ? [{ name: 'sigstore.verify()', run: () => each(bundles.slice(0, loop), (bundle) => sigstoreVerify(JSON.parse(bundle.toString()), tuf)) }] : []),
    ],
    { rounds, warmups: 1 },
  );
  result[name] = Object.fromEntries(samples);
}
console.log(JSON.stringify(result));
