import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { loadPolicy, type LoadedPolicy, type PolicyOptions } from '../../src/commands/policy';
import { verifyProof, type VerifyRequest } from '../../src/commands/verify';
import { attestEnvelope, envelopeBinding, readEnvelope } from '../../src/model/envelope';
import { jsonDocument } from '../../src/model/json';
import { fingerprint, publicKeyPem } from '../../src/model/keys';
import { DESCRIPTOR } from '../../src/model/statement';
import type { ProofEnvelope, Statement } from '../../src/model/types';
import type { Check, CheckName, Verdict } from '../../src/model/verdict';
import { keySigner, type StatementSigner } from '../../src/sign';
import { testEnv, type TestWorkspace } from './workspace';

export interface TestKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly fingerprint: string;
  readonly pem: string;
  readonly signer: StatementSigner;
}

export function testKey(type: 'p256' | 'ed25519' = 'p256'): TestKey {
  const { privateKey } = type === 'p256' ? generateKeyPairSync('ec', { namedCurve: 'prime256v1' }) : generateKeyPairSync('ed25519');
  const publicKey = createPublicKey(privateKey);
  return { privateKey, publicKey, fingerprint: fingerprint(publicKey), pem: publicKeyPem(publicKey), signer: keySigner(privateKey) };
}

/** Writes the public key to proof.keys/. */
export const publish = (ws: TestWorkspace, key: TestKey): Promise<void> => ws.write(`proof.keys/${key.fingerprint}.pub.pem`, key.pem);

/** Writes proof.policy.json with the rules given; each accepts `key` for every project unless it says something else. */
export async function writePolicy(ws: TestWorkspace, key: TestKey, rules: readonly object[] = [{}], rest: object = {}): Promise<void> {
  await publish(ws, key);
  await ws.write('proof.policy.json', JSON.stringify({ version: 1, ...rest, rules: rules.map((rule) => ({ projects: ['*'], signers: [{ key: key.fingerprint }], ...rule })) }));
}

export const files = (ws: TestWorkspace, name = 'app'): Record<'statement' | 'unsigned' | 'manifest' | 'bundle' | 'envelope' | 'verdict' | 'vsa', string> => {
  const folder = `${ws.project(name).root}/.proof`;
  return {
    statement: `${folder}/create/statement.intoto.json`,
    unsigned: `${folder}/create/envelope.proof.json`,
    manifest: `${folder}/create/manifest.json`,
    bundle: `${folder}/sign/bundle.sigstore.json`,
    envelope: `${folder}/sign/envelope.proof.json`,
    verdict: `${folder}/verify/verdict.json`,
    vsa: `${folder}/verify/vsa.intoto.json`,
  };
};

/** Signs any bytes as the project's proof, whether or not they are true. */
export async function signBytes(ws: TestWorkspace, key: TestKey, payload: string | Uint8Array, name = 'app'): Promise<void> {
  const bundle = await key.signer.sign(Buffer.from(payload));
  await ws.write(files(ws, name).bundle, bundle);
  const envelope = readEnvelope(Buffer.from(await ws.read(files(ws, name).unsigned)));
  await ws.write(files(ws, name).envelope, jsonDocument(attestEnvelope(envelope, bundle, key.signer.issuer)));
}

/** Creates and signs the proofs of the projects, in this order. */
export async function prove(ws: TestWorkspace, key: TestKey, ...names: string[]): Promise<void> {
  for (const name of names.length === 0 ? ['app'] : names) {
    await ws.create(name);
    await signBytes(ws, key, await ws.read(files(ws, name).statement), name);
  }
}

/** Edits the statement and signs it again with the same key: what a signer that lies would make. */
export async function resign(ws: TestWorkspace, key: TestKey, edit: (statement: Statement) => void, name = 'app'): Promise<void> {
  const statement = await ws.json<Statement>(files(ws, name).statement);
  edit(statement);
  await signBytes(ws, key, jsonDocument(statement), name);
}

/** Edits the proof envelope and binds it into a statement that is signed again. */
export async function rebind(ws: TestWorkspace, key: TestKey, edit: (envelope: ProofEnvelope) => void, name = 'app'): Promise<void> {
  const envelope = await ws.json<ProofEnvelope>(files(ws, name).unsigned);
  edit(envelope);
  await ws.write(files(ws, name).unsigned, jsonDocument(envelope));
  await resign(ws, key, (statement) => {
    statement.predicate.runDetails.byproducts = [{ name: DESCRIPTOR.envelope, digest: { sha256: envelopeBinding(envelope) } }];
  }, name);
}

export interface VerifySettings {
  readonly env?: Readonly<Record<string, string>>;
  readonly policy?: PolicyOptions;
  readonly request?: Partial<VerifyRequest>;
}

export const loadTestPolicy = (ws: TestWorkspace, options: PolicyOptions = {}, env: Readonly<Record<string, string>> = {}): Promise<LoadedPolicy> =>
  loadPolicy(testEnv(ws.root, env), ws.root, options);

/** Verifies with the workspace's policy, as a process of its own would. */
export async function verify(ws: TestWorkspace, name = 'app', { env = {}, policy = {}, request = {} }: VerifySettings = {}): Promise<Verdict> {
  const loaded = await loadTestPolicy(ws, policy, env);
  return ws.run((session) => verifyProof(session, { project: ws.project(name), policy: loaded, ...request }), env);
}

export function checkOf(verdict: Verdict, name: CheckName): Check {
  const found = verdict.checks.find((check) => check.name === name);
  if (found === undefined) throw new Error(`the verdict has no check ${name}`);
  return found;
}

/** The failed checks as `name CODE`. */
export const failures = (verdict: Verdict): string[] => verdict.checks.filter(({ status }) => status === 'failed').map(({ name, code }) => `${name} ${String(code)}`);
