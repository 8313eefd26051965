import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { publicKeyPem } from '../../src/model/keys';
import { runCli } from '../support/cli';
import { temporaryFolder, writeFiles } from '../support/folder';
import type { Sigstore } from '../support/sigstore';
import { ARTIFACT, type Made, type RootJson } from './cases';

export interface Outcome {
  readonly exitCode: number;
  readonly output: string;
}

/** The built CLI to run as a process; in this process unless set. */
const BIN = process.env['NX_PROOF_CONFORMANCE_BIN'];

/** Verifies a case as the protocol of sigstore-conformance has it, with the file or with its digest. */
export async function verifyCase(sigstore: Sigstore, made: Made, by: 'path' | 'digest'): Promise<Outcome> {
  const folder = temporaryFolder();
  const artifact = made.artifact ?? ARTIFACT;
  const root = structuredClone(sigstore.trustedRoot) as unknown as RootJson;
  made.trustedRoot?.(root);
  await writeFiles(folder, {
    'bundle.sigstore.json': typeof made.bundle === 'string' ? made.bundle : JSON.stringify(made.bundle),
    'trusted_root.json': JSON.stringify(root),
    ...(by === 'path' && { 'a.txt': artifact }),
    ...(made.key !== undefined && { 'key.pub': publicKeyPem(made.key) }),
  });
  const identity = ['--certificate-identity', made.identity ?? sigstore.identity, '--certificate-oidc-issuer', made.issuer ?? sigstore.oidc.url];
  const signer = made.key === undefined ? identity : ['--key', 'key.pub', ...(made.isAmbiguous === true ? identity : [])];
  const subject = by === 'path' ? 'a.txt' : `sha256:${createHash('sha256').update(artifact).digest('hex')}`;
  return run(['verify-bundle', '--bundle', 'bundle.sigstore.json', ...signer, '--trusted-root', 'trusted_root.json', subject], folder);
}

export async function run(argv: readonly string[], cwd: string): Promise<Outcome> {
  if (BIN === undefined) {
    const { exitCode, stdout, stderr } = await runCli(argv, { cwd });
    return { exitCode, output: `${stdout}${stderr}` };
  }
  const home = path.join(cwd, 'home');
  const env = { ...process.env, HOME: home, USERPROFILE: home, XDG_CONFIG_HOME: home, APPDATA: home };
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [BIN, ...argv], { cwd, env, encoding: 'utf8' });
  return { exitCode: status ?? 3, output: `${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}` };
}
