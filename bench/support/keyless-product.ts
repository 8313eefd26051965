// The parts of nx-proof that the benchmarks of keyless signing and verifying call.
import type { Env } from '../../src/env';
import { createHttp } from '../../src/http';
import { readBundle } from '../../src/model/bundle';
import type { Rule } from '../../src/model/types';
import { keylessSigner, requireIdentity, selectServices, type KeylessSigner } from '../../src/sign/keyless';
import { DEFAULT_CONCURRENCY } from '../../src/sign/keyless/signer';
import { refuseSigner } from '../../src/verify';
import { checkCertificate } from '../../src/verify/certificate';
import { trustMaterial } from '../../src/verify/trust-material';
import type { Instance } from './keyless-server';

export { DEFAULT_CONCURRENCY };

export interface OpenedSigner {
  readonly signer: KeylessSigner;
  close(): Promise<void>;
}

/** A signing session as `nx-proof sign` opens it. */
export async function openSigner(instance: Instance, witnesses: 'log' | 'log and timestamps', concurrency?: number): Promise<OpenedSigner> {
  const { fulcioUrl, rekorUrl, tsaUrl, ca, token } = instance;
  const env: Env = { now: () => new Date(), env: {}, cwd: '.', signal: new AbortController().signal };
  const http = createHttp({ env, ca });
  const services = selectServices({ fulcioUrl, rekorUrl, ...(witnesses === 'log' ? {} : { tsaUrl }) }, env.now());
  const source = requireIdentity(env, { identityToken: token });
  return { signer: await keylessSigner({ env, http, source, services, ...(concurrency !== undefined && { concurrency }) }), close: () => http.close() };
}

/** Verifies bundles as `nx-proof verify` does, before it looks at statement and artifacts: their signature, log entries, certificate and signer. Throws for one that is refused. */
export function openVerifier({ trustedRoot, issuer, identity }: Instance): (bundle: Uint8Array) => Promise<void> {
  const material = trustMaterial(Buffer.from(JSON.stringify(trustedRoot)));
  const rule: Rule = { projects: ['*'], signers: [{ issuer, identity }] };
  return async (bytes) => {
    const { check, signature } = await checkCertificate(readBundle(bytes), rule, 'rule', () => Promise.resolve(material));
    if (signature === undefined) throw new Error(check.message);
    if (refuseSigner(signature, rule, 'rule') !== undefined) throw new Error('another signer');
  };
}
