import { spawn } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { watch } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fingerprintOf, payloadOf, sha256, signedBy, type Bundle } from './support/dsse';
import { DemoWorkspace } from './support/workspace';

/** Kills that really ended a process. */
const KILLS = { create: 16, sign: 28 };
const CREATE = ['statement.intoto.json', 'envelope.proof.json', 'manifest.json'].map((name) => `libs/lib/.proof/create/${name}`);
const BUNDLE = 'libs/lib/.proof/sign/bundle.sigstore.json';
const SIGNED = 'libs/lib/.proof/sign/envelope.proof.json';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKey = createPublicKey(privateKey);
const env = { NX_PROOF_SIGNING_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };

let workspace: DemoWorkspace;
let command: string;

const setState = (state: string): Promise<void> => workspace.write('libs/lib/dist/main.js', `export const state = '${state}';\n`);
const temporaries = async (folder: string): Promise<string[]> => (await readdir(workspace.path(folder))).filter((name) => name.endsWith('.tmp'));

async function succeed(...args: string[]): Promise<void> {
  const done = await workspace.cli(args, { env });
  expect(done.code, done.output).toBe(0);
}

beforeAll(async () => {
  workspace = await DemoWorkspace.create({ pm: 'npm', nx: '24.0.6' });
  command = await workspace.command('nx-proof');
  await workspace.write('.gitignore', `${await workspace.read('.gitignore')}.proof/\n`);
  await workspace.write('libs/lib/proof.json', '{}\n');
  await workspace.write(`proof.keys/${fingerprintOf(publicKey)}.pub.pem`, publicKey.export({ type: 'spki', format: 'pem' }));
  await workspace.write('proof.policy.json', JSON.stringify({ version: 1, rules: [{ projects: ['lib'], signers: [{ key: fingerprintOf(publicKey) }] }] }));
  await workspace.commit('proofs');
  // Enough files for a manifest, which is written as a stream.
  for (let index = 0; index < 1200; index += 1) await workspace.write(`libs/lib/dist/many/${index}.txt`, `${index}\n`);
});

afterAll(() => workspace.remove());

/**
 * Starts the command and kills it: at a random moment of its run, or a moment after it has begun to write into `folder`.
 * @returns whether the kill came before its end
 */
async function killOnce(args: readonly string[], folder: string, runMs: number): Promise<boolean> {
  const child = spawn(process.execPath, [command, ...args], { cwd: workspace.root, env: workspace.env(env), stdio: 'ignore' });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('exit', (_code, signal) => resolve(signal)));
  if (Math.random() < 0.25) {
    await sleep(Math.random() * runMs);
  } else {
    const watcher = watch(workspace.path(folder));
    await Promise.race([ended, new Promise((resolve) => watcher.once('change', resolve))]);
    watcher.close();
    await sleep(Math.random() * 8);
  }
  child.kill('SIGKILL');
  return (await ended) !== null;
}

async function killMany(kills: number, args: readonly string[], folder: string, check: (round: number) => Promise<void>, before: (round: number) => Promise<void>): Promise<void> {
  const start = performance.now();
  await succeed(...args);
  const runMs = performance.now() - start;
  for (let killed = 0, round = 0; killed < kills; round += 1) {
    expect(round, 'most kills come too late').toBeLessThan(kills * 8);
    await before(round);
    if (await killOnce(args, folder, runMs)) killed += 1;
    await check(round);
  }
}

describe('kill -9 in the middle of a run', () => {
  it('leaves the old files of create or the new ones', async () => {
    const complete = new Map<string, Set<string>>(CREATE.map((file) => [file, new Set()]));
    for (const state of ['even', 'odd']) {
      await setState(state);
      await succeed('create', 'lib');
      for (const file of CREATE) complete.get(file)?.add(sha256(await readFile(workspace.path(file))));
    }
    expect([...complete.values()].map((versions) => versions.size)).toEqual([2, 2, 2]);
    const check = async (): Promise<void> => {
      for (const file of CREATE) expect(complete.get(file)).toContain(sha256(await readFile(workspace.path(file))));
    };
    await killMany(KILLS.create, ['create', 'lib'], 'libs/lib/.proof/create', check, (round) => setState(round % 2 === 0 ? 'even' : 'odd'));
  });

  it('leaves the old files of sign or the new ones', async () => {
    await succeed('create', 'lib');
    const statement = await readFile(workspace.path(CREATE[0]!));
    const check = async (): Promise<void> => {
      const bytes = await readFile(workspace.path(BUNDLE));
      const bundle = JSON.parse(bytes.toString()) as Bundle;
      expect(payloadOf(bundle).equals(statement)).toBe(true);
      expect(signedBy(bundle, publicKey)).toBe(true);
      const envelope = JSON.parse(await workspace.read(SIGNED)) as { attestations: { statement: string }[] };
      const attested = JSON.parse(Buffer.from(envelope.attestations[0]!.statement, 'base64').toString()) as Bundle;
      expect(signedBy(attested, publicKey)).toBe(true);
    };
    await killMany(KILLS.sign, ['sign', 'lib'], 'libs/lib/.proof/sign', check, () => Promise.resolve());
  });

  it('hinders nothing that comes later', async () => {
    const left = [...(await temporaries('libs/lib/.proof/create')), ...(await temporaries('libs/lib/.proof/sign'))];
    // The kills did come in the middle of writes.
    expect(left.length).toBeGreaterThan(0);
    await succeed('create', 'lib');
    await succeed('sign', 'lib');
    await succeed('verify', 'libs/lib');
  });
});
