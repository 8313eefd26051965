import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { chmod, readdir, readFile, symlink, truncate } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunResult } from './support/process';
import { DemoWorkspace, type CallOptions } from './support/workspace';

const STATEMENT = 'apps/app/.proof/create/statement.intoto.json';
const BUNDLE = 'apps/app/.proof/sign/bundle.sigstore.json';
const isRoot = process.getuid?.() === 0;
/** A user who owns nothing else. */
const NOBODY = 65534;

interface Row {
  readonly name: string;
  readonly spoil?: () => Promise<unknown>;
  readonly args: readonly string[];
  readonly options?: CallOptions;
  readonly code: string;
  readonly exit: 1 | 2 | 3;
  readonly named: string;
}

let workspace: DemoWorkspace;
let proof: { bundle: string; statement: string };
const dist = (): string => path.join(workspace.home, 'dist');
const keyFile = (): string => path.join(workspace.home, 'test.key.pem');

async function ok(result: Promise<RunResult>): Promise<void> {
  const done = await result;
  expect(done.code, done.output).toBe(0);
}

beforeAll(async () => {
  workspace = await DemoWorkspace.create({ pm: 'npm', nx: '24.0.6' });
  await ok(workspace.nx(['g', 'nx-proof:init', '--no-interactive']));
  await ok(workspace.nx(['g', 'nx-proof:targets', '--all', '--no-interactive']));
  await workspace.commit('proofs');
  await ok(workspace.nx(['run-many', '-t', 'proof-sign']));
  await ok(workspace.cli(['key', 'generate', '--out', keyFile()], { env: { NX_PROOF_KEY_PASSPHRASE: 'right' } }));
  cpSync(workspace.path('apps/app/dist'), dist(), { recursive: true });
  proof = { bundle: await workspace.read(BUNDLE), statement: await workspace.read(STATEMENT) };
});
afterAll(() => workspace.remove());

/** Everything as it was when the proofs were made. */
async function restore(): Promise<void> {
  await workspace.git('checkout', '--quiet', '--', '.');
  await workspace.git('clean', '--quiet', '-fd');
  await workspace.rm('apps/app/dist');
  cpSync(dist(), workspace.path('apps/app/dist'), { recursive: true });
  await workspace.write(BUNDLE, proof.bundle);
  await workspace.write(STATEMENT, proof.statement);
  if (process.platform !== 'win32') await chmod(keyFile(), 0o600);
}

/** What the command said is wrong about a project that keeps its files. */
const editProject = async (edit: (targets: { build: { outputs?: string[] } }) => void): Promise<void> => {
  const project = (await workspace.json('apps/app/project.json')) as { targets: { build: { outputs?: string[] } } };
  edit(project.targets);
  await workspace.write('apps/app/project.json', JSON.stringify(project));
};

const VERIFY = ['verify', 'apps/app'];
const ROWS: readonly Row[] = [
  { name: 'no policy', spoil: () => workspace.rm('proof.policy.json'), args: VERIFY, code: 'POLICY_NOT_FOUND', exit: 2, named: 'proof.policy.json' },
  { name: 'a broken policy', spoil: () => workspace.write('proof.policy.json', '{'), args: VERIFY, code: 'POLICY_INVALID', exit: 2, named: 'proof.policy.json' },
  {
    name: 'an unknown field of a rule',
    spoil: async () => workspace.write('proof.policy.json', (await workspace.read('proof.policy.json')).replace('"scope"', '"scoop"')),
    args: VERIFY,
    code: 'POLICY_INVALID',
    exit: 2,
    named: 'scoop',
  },
  { name: 'no proof', spoil: () => workspace.rm(BUNDLE), args: VERIFY, code: 'PROOF_NOT_FOUND', exit: 2, named: 'app' },
  { name: 'nothing to verify', args: ['verify'], code: 'PROOF_NOT_FOUND', exit: 2, named: '--all' },
  { name: 'an unknown project', args: ['sign', 'nobody'], code: 'PROJECT_UNKNOWN', exit: 2, named: 'nobody' },
  { name: 'an unknown option', args: [...VERIFY, '--polcy', 'x'], code: 'OPTION_INVALID', exit: 2, named: '--polcy' },
  { name: 'an empty set of artifacts', spoil: () => workspace.rm('apps/app/dist'), args: ['create', 'app'], code: 'ARTIFACTS_EMPTY', exit: 2, named: 'dist' },
  { name: 'undeclared outputs', spoil: () => editProject(({ build }) => delete build.outputs), args: ['create', 'app'], code: 'OUTPUTS_UNDECLARED', exit: 2, named: 'build' },
  { name: 'a link among the artifacts', spoil: () => symlink('main.js', workspace.path('apps/app/dist/link.js')), args: ['create', 'app'], code: 'ARTIFACT_SYMLINK', exit: 2, named: 'apps/app/dist/link.js' },
  { name: "another member's root among the artifacts", spoil: () => editProject(({ build }) => (build.outputs = ['{workspaceRoot}/libs'])), args: ['create', 'app'], code: 'NESTED_PACKAGE', exit: 2, named: 'libs/lib' },
  { name: 'a key file that others can read', spoil: () => chmod(keyFile(), 0o644), args: ['sign', 'app', '--key'], code: 'KEY_PERMISSIONS', exit: 2, named: 'test.key.pem' },
  { name: 'a wrong passphrase', args: ['sign', 'app', '--key'], options: { env: { NX_PROOF_KEY_PASSPHRASE: 'wrong' } }, code: 'KEY_PASSPHRASE', exit: 2, named: 'test.key.pem' },
  { name: 'a truncated statement', spoil: () => workspace.write(STATEMENT, proof.statement.slice(0, -20)), args: ['sign', 'app'], code: 'JSON_INVALID', exit: 2, named: 'statement' },
  { name: 'a truncated bundle', spoil: () => workspace.write(BUNDLE, proof.bundle.slice(0, -20)), args: VERIFY, code: 'JSON_INVALID', exit: 2, named: 'bundle' },
  { name: 'a statement of 100 MB', spoil: () => truncate(workspace.path(STATEMENT), 100 * 1024 * 1024), args: ['sign', 'app'], code: 'FILE_TOO_LARGE', exit: 2, named: 'statement.intoto.json' },
  { name: 'a statement that no longer fits', spoil: () => workspace.write('apps/app/dist/main.js', ''), args: ['sign', 'app'], code: 'SUBJECT_CHANGED', exit: 1, named: 'apps/app/dist/main.js' },
  {
    name: 'a statement of another builder',
    args: ['sign', 'app'],
    options: { env: { GITHUB_ACTIONS: 'true', GITHUB_WORKFLOW_REF: 'acme/demo/.github/workflows/ci.yml@refs/heads/main' } },
    code: 'BUILDER_MISMATCH',
    exit: 1,
    named: 'acme/demo/.github/workflows/ci.yml@refs/heads/main',
  },
];

describe('bad input', () => {
  beforeEach(restore);

  it.each(ROWS)('is refused with its code: $name', async ({ spoil, args, options, code, exit, named }) => {
    await spoil?.();
    const refused = await workspace.cli([...args, ...(args.at(-1) === '--key' ? [keyFile()] : [])], options);
    expect(refused.output).toContain(`(${code}, exit ${exit})`);
    expect(refused.output).toContain(named);
    expect(refused.code).toBe(exit);
  });

  it.skipIf(!isRoot)('ends with exit 3 when the disk is full, and keeps the old files', async () => {
    const folder = workspace.path('apps/app/.proof/sign');
    const before = await readFile(workspace.path(BUNDLE));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', folder]);
    try {
      await workspace.write(BUNDLE, before);
      await workspace.write('apps/app/.proof/sign/filler', Buffer.alloc(12 * 1024)).catch(() => undefined);
      const failed = await workspace.cli(['sign', 'app']);
      expect(failed.output).toContain('(IO_ERROR, exit 3)');
      expect(failed.code).toBe(3);
      expect(await readFile(workspace.path(BUNDLE))).toEqual(before);
      expect((await readdir(folder)).sort()).toEqual(['bundle.sigstore.json', 'filler']);
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});

describe.skipIf(process.platform === 'win32')('an environment that fails', () => {
  /** Root may read and write everything, so that these run as somebody else. */
  const options: CallOptions = isRoot ? { uid: NOBODY } : {};
  const give = (owner: number): void => {
    if (isRoot) execFileSync('chown', ['-R', `${owner}:${owner}`, path.dirname(workspace.root)]);
  };
  beforeAll(async () => {
    await restore();
    give(NOBODY);
  });
  afterAll(() => {
    give(0);
  });

  it('ends with exit 3 when an artifact cannot be read', async () => {
    await chmod(workspace.path('apps/app/dist/main.js'), 0o000);
    try {
      const failed = await workspace.cli(VERIFY, options);
      expect(failed.output).toContain('(IO_ERROR, exit 3)');
      expect(failed.output).toContain('apps/app/dist/main.js');
      expect(failed.code).toBe(3);
    } finally {
      await chmod(workspace.path('apps/app/dist/main.js'), 0o644);
    }
  });

  it('ends with exit 3 when the folder of a proof is read-only, and changes nothing', async () => {
    const folder = workspace.path('apps/app/.proof/sign');
    await chmod(folder, 0o555);
    try {
      const failed = await workspace.cli(['sign', 'app'], options);
      expect(failed.output).toContain('(IO_ERROR, exit 3)');
      expect(failed.output).toContain('apps/app/.proof/sign');
      expect(failed.code).toBe(3);
      expect(await workspace.read(BUNDLE)).toBe(proof.bundle);
    } finally {
      await chmod(folder, 0o755);
    }
  });
});
