import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { CreateNodesContext, NxJsonConfiguration, TargetConfiguration } from '@nx/devkit';
import ts from 'typescript';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createNodes, name, postTasksExecution, preTasksExecution } from '../src/plugin';
import { temporaryFolder, writeFiles } from './support/folder';

type Targets = Record<string, TargetConfiguration>;

afterEach(() => {
  vi.unstubAllEnvs();
});

async function infer(files: Record<string, unknown>, options?: unknown, nxJson: NxJsonConfiguration = {}, root = temporaryFolder()): Promise<Record<string, Targets>> {
  const texts = Object.fromEntries(Object.entries(files).map(([file, content]) => [file, typeof content === 'string' ? content : JSON.stringify(content)]));
  await writeFiles(root, texts);
  const context: CreateNodesContext = { workspaceRoot: root, nxJsonConfiguration: nxJson };
  const results = await createNodes[1](Object.keys(texts).filter((file) => path.posix.basename(file) === 'proof.json'), options as never, context);
  return Object.fromEntries(results.flatMap(([, { projects = {} }]) => Object.entries(projects).map(([folder, { targets = {} }]) => [folder, targets])));
}

const ROOT = { 'package.json': { name: 'r', workspaces: ['apps/*'] } };
const APP = { ...ROOT, 'apps/app/package.json': { name: 'app', nx: { targets: { build: { outputs: ['{projectRoot}/out', '{workspaceRoot}/reports/{projectName}/*.xml'] } } } } };

describe('the plugin', () => {
  it('looks at every proof.json', () => {
    expect(createNodes[0]).toBe('**/proof.json');
    expect(name).toBe('nx-proof/plugin');
  });

  it('when a project has an empty proof.json it gets three targets', async () => {
    const { 'apps/app': targets } = await infer({ ...APP, 'apps/app/proof.json': {} });
    expect(targets).toMatchInlineSnapshot(`
      {
        "proof-create": {
          "cache": true,
          "dependsOn": [
            "build",
            "^proof-create",
          ],
          "executor": "nx-proof:create",
          "inputs": [
            "{projectRoot}/**/*",
            "^{projectRoot}/**/*",
            "!{projectRoot}/.proof/**/*",
            {
              "dependentTasksOutputFiles": "**/*",
            },
            {
              "fileset": "{projectRoot}/out",
              "includeIgnored": true,
            },
            {
              "fileset": "{projectRoot}/out/**/*",
              "includeIgnored": true,
            },
            {
              "fileset": "{projectRoot}/out/node_modules/**/*",
              "includeIgnored": true,
            },
            {
              "fileset": "{workspaceRoot}/reports/app/*.xml",
              "includeIgnored": true,
            },
            {
              "fileset": "{workspaceRoot}/reports/app/*.xml/**/*",
              "includeIgnored": true,
            },
            {
              "dependencies": true,
              "fileset": "{projectRoot}/.proof/create/statement.intoto.json",
              "includeIgnored": true,
            },
            "{workspaceRoot}/pnpm-lock.yaml",
            "{workspaceRoot}/package-lock.json",
            "{workspaceRoot}/npm-shrinkwrap.json",
            "{workspaceRoot}/yarn.lock",
            "{workspaceRoot}/bun.lock",
            "{workspaceRoot}/bun.lockb",
            {
              "env": "NX_PROOF_BUILDER",
            },
            {
              "env": "GITHUB_ACTIONS",
            },
            {
              "env": "GITHUB_SERVER_URL",
            },
            {
              "env": "GITHUB_WORKFLOW_REF",
            },
            {
              "env": "GITLAB_CI",
            },
            {
              "env": "CI_SERVER_URL",
            },
            {
              "env": "CI_PROJECT_PATH",
            },
            {
              "env": "CI_CONFIG_PATH",
            },
            {
              "env": "CI_COMMIT_TAG",
            },
            {
              "env": "CI_COMMIT_REF_NAME",
            },
            {
              "env": "SOURCE_DATE_EPOCH",
            },
          ],
          "metadata": {
            "description": "Create the SLSA provenance statement of the build artifacts",
          },
          "outputs": [
            "{projectRoot}/.proof/create",
          ],
          "ultracache": {
            "mode": "off",
          },
        },
        "proof-sign": {
          "cache": true,
          "dependsOn": [
            "proof-create",
          ],
          "executor": "nx-proof:sign",
          "inputs": [
            "{projectRoot}/**/*",
            "^{projectRoot}/**/*",
            "!{projectRoot}/.proof/**/*",
            {
              "dependentTasksOutputFiles": "**/*",
            },
            {
              "fileset": "{projectRoot}/out",
              "includeIgnored": true,
            },
            {
              "fileset": "{projectRoot}/out/**/*",
              "includeIgnored": true,
            },
            {
              "fileset": "{projectRoot}/out/node_modules/**/*",
              "includeIgnored": true,
            },
            {
              "fileset": "{workspaceRoot}/reports/app/*.xml",
              "includeIgnored": true,
            },
            {
              "fileset": "{workspaceRoot}/reports/app/*.xml/**/*",
              "includeIgnored": true,
            },
            {
              "fileset": "{projectRoot}/.proof/create/**/*",
              "includeIgnored": true,
            },
            {
              "env": "NX_PROOF_BUILDER",
            },
            {
              "env": "GITHUB_ACTIONS",
            },
            {
              "env": "GITHUB_SERVER_URL",
            },
            {
              "env": "GITHUB_WORKFLOW_REF",
            },
            {
              "env": "GITLAB_CI",
            },
            {
              "env": "CI_SERVER_URL",
            },
            {
              "env": "CI_PROJECT_PATH",
            },
            {
              "env": "CI_CONFIG_PATH",
            },
            {
              "env": "CI_COMMIT_TAG",
            },
            {
              "env": "CI_COMMIT_REF_NAME",
            },
            {
              "env": "NX_PROOF_SIGNER",
            },
            {
              "env": "CIRCLE_PROJECT_ID",
            },
          ],
          "metadata": {
            "description": "Sign the statement",
          },
          "outputs": [
            "{projectRoot}/.proof/sign",
          ],
          "ultracache": {
            "mode": "off",
          },
        },
        "proof-verify": {
          "cache": false,
          "dependsOn": [
            "proof-sign",
          ],
          "executor": "nx-proof:verify",
          "metadata": {
            "description": "Verify the proof against proof.policy.json",
          },
        },
      }
    `);
  });

  it('when proof.json has options the targets have them', async () => {
    const file = { create: { artifacts: ['dist/*.tgz', './README.md', '!dist/x'], sha512: true, buildTarget: 'package:release' }, sign: { key: 'keys/ci.pem' }, verify: { strict: true } };
    const { 'apps/app': targets } = await infer({ ...APP, 'apps/app/proof.json': file });
    expect(targets!['proof-create']).toMatchObject({ options: file.create, dependsOn: ['package', '^proof-create'] });
    expect(targets!['proof-create']!.inputs).toEqual(expect.arrayContaining([{ fileset: '{projectRoot}/dist/*.tgz', includeIgnored: true }, { fileset: '{projectRoot}/README.md', includeIgnored: true }]));
    expect(JSON.stringify(targets!['proof-create']!.inputs)).not.toContain('dist/x');
    expect(targets!['proof-sign']).toMatchObject({ options: file.sign });
    expect(targets!['proof-sign']!.inputs).toContainEqual({ fileset: '{workspaceRoot}/keys/ci.pem', includeIgnored: true });
    expect(targets!['proof-verify']).toMatchObject({ options: file.verify, cache: false });
  });

  it('when the key lies outside of the workspace it is no input', async () => {
    for (const key of ['/etc/ci.pem', '../ci.pem', 'C:\\ci.pem']) {
      const { 'apps/app': targets } = await infer({ ...APP, 'apps/app/proof.json': { sign: { key } } });
      expect(JSON.stringify(targets!['proof-sign']!.inputs)).not.toContain('ci.pem');
    }
  });

  it('when the outputs are not known it hashes dist', async () => {
    const { 'apps/app': targets } = await infer({ ...ROOT, 'apps/app/package.json': { name: 'app' }, 'apps/app/proof.json': {} });
    expect(targets!['proof-create']!.inputs).toContainEqual({ fileset: '{projectRoot}/dist/**/*', includeIgnored: true });
    expect(targets!['proof-create']!.inputs).toContainEqual({ fileset: '{projectRoot}/dist/node_modules/**/*', includeIgnored: true });
  });

  it('when target names are set they are used', async () => {
    const options = { createTargetName: 'attest', signTargetName: 'seal', verifyTargetName: 'check', buildTarget: 'bundle:production' };
    const { 'apps/app': targets } = await infer({ ...APP, 'apps/app/proof.json': {} }, options);
    expect(Object.keys(targets!)).toEqual(['attest', 'seal', 'check']);
    expect(targets!['attest']).toMatchObject({ dependsOn: ['bundle', '^attest'], options: { buildTarget: 'bundle:production' } });
    expect(targets!['seal']).toMatchObject({ dependsOn: ['attest'] });
    expect(targets!['check']).toMatchObject({ dependsOn: ['seal'] });
  });

  const WRONG: [unknown, string][] = [
    [{ target: 'x' }, 'option "target" with the value "x" is not an option of the plugin; it has createTargetName, signTargetName, verifyTargetName, buildTarget'],
    [{ verifyCache: true }, 'option "verifyCache" with the value true is not an option of the plugin'],
    [{ buildTarget: 7 }, 'option "buildTarget" with the value 7 must be the name of a target'],
    [{ signTargetName: '' }, 'option "signTargetName" with the value "" must be the name of a target'],
    [{ signTargetName: 'proof-create' }, 'with the value "proof-create" must be three different names'],
    [['x'], 'option "options" with the value ["x"] must be an object'],
  ];
  it.each(WRONG)('when its options are %j it says what is wrong', async (options, message) => {
    const failure = infer(APP, options);
    await expect(failure).rejects.toMatchObject({ code: 'OPTION_INVALID', message: expect.stringContaining(message) as string });
    await expect(failure).rejects.toThrow(/^nx\.json, plugin nx-proof\/plugin: option "/);
  });

  it('when its options are null they are the defaults', async () => {
    expect(Object.keys((await infer({ ...APP, 'apps/app/proof.json': {} }, null))['apps/app']!)).toEqual(['proof-create', 'proof-sign', 'proof-verify']);
  });
});

describe('the projects that get targets', () => {
  it('are those of project.json, and those that the package manager lists', async () => {
    const inferred = await infer({
      'package.json': { name: 'r', nx: {} },
      'pnpm-workspace.yaml': 'packages:\n  - "packages/**"\n  - "!packages/old"\n',
      'proof.json': {},
      'packages/a/package.json': { name: 'a' },
      'packages/a/proof.json': {},
      'packages/old/package.json': { name: 'old' },
      'packages/old/proof.json': {},
      'tools/t/project.json': { name: 't' },
      'tools/t/proof.json': {},
      'fixtures/f/proof.json': {},
      'outside/package.json': { name: 'outside' },
      'outside/proof.json': {},
    });
    expect(Object.keys(inferred).sort()).toEqual(['.', 'packages/a', 'tools/t']);
  });

  it('are none when there are no files', async () => {
    expect(await infer(ROOT)).toEqual({});
  });
});

describe('the name of the executors', () => {
  it('is that under which nx.json lists the plugin, if it is this package', async () => {
    const root = temporaryFolder();
    mkdirSync(path.join(root, 'node_modules'));
    symlinkSync(process.cwd(), path.join(root, 'node_modules', 'proof'), 'junction');
    const files = { ...APP, 'apps/app/proof.json': {} };
    const { 'apps/app': aliased } = await infer(files, undefined, { plugins: [{ plugin: 'proof/plugin' }] }, root);
    expect(Object.values(aliased!).map(({ executor }) => executor)).toEqual(['proof:create', 'proof:sign', 'proof:verify']);
    const { 'apps/app': plain } = await infer(files, undefined, { plugins: ['nx-proof/plugin', 'other/plugin'] }, root);
    expect(plain!['proof-create']!.executor).toBe('nx-proof:create');
  });
});

describe('what is wrong', () => {
  it('is told with all files and fields', async () => {
    const files = { ...ROOT, 'apps/a/project.json': { name: 'a' }, 'apps/a/proof.json': { create: { artifacts: 'dist' } }, 'apps/b/project.json': { name: 'b' }, 'apps/b/proof.json': '{ "sign": ', 'apps/c/project.json': { name: 'c' }, 'apps/c/proof.json': [] };
    const failure = infer(files);
    await expect(failure).rejects.toMatchObject({ code: 'PROOF_FILE_INVALID', details: { others: 2 } });
    await expect(failure).rejects.toThrow(/apps\/a\/proof\.json: \/create\/artifacts must be array \(PROOF_FILE_INVALID, exit 2\)\napps\/b\/proof\.json is not JSON: .*\napps\/c\/proof\.json: \/ must be object .*\nCorrect the file/s);
  });

  it.each<[string, unknown]>([
    ['proof-verify', { cache: true }],
    ['nx-proof:verify', { cache: true }],
    ['proof-*', { cache: true }],
    ['proof-verify', [{ filter: { projects: ['app'] }, cache: true }]],
  ])('refuses target defaults, which Nx lays over it, that have verification cached: %j %j', async (key, value) => {
    const targetDefaults = { [key]: value } as NonNullable<NxJsonConfiguration['targetDefaults']>;
    const failure = infer({ ...APP, 'apps/app/proof.json': {} }, undefined, { targetDefaults });
    await expect(failure).rejects.toMatchObject({ code: 'OPTION_INVALID', details: { option: 'targetDefaults', value: key } });
  });

  it('has nothing against other target defaults', async () => {
    const targetDefaults = { build: { cache: true }, 'proof-create': { cache: true }, 'proof-verify': { cache: false } };
    expect(await infer({ ...APP, 'apps/app/proof.json': {} }, undefined, { targetDefaults })).toHaveProperty('apps/app');
  });

  it('is an old Nx', async () => {
    await expect(infer({ ...APP, 'node_modules/nx/package.json': { name: 'nx', version: '22.7.12' }, 'apps/app/proof.json': {} })).rejects.toMatchObject({ code: 'NX_UNSUPPORTED' });
  });

  it('is a list of members that cannot be read', async () => {
    await expect(infer({ 'package.json': '{', 'apps/app/proof.json': {} })).rejects.toMatchObject({ code: 'WORKSPACE_INVALID' });
  });
});

describe('before the tasks run', () => {
  it('builder and signer are put into the environment at once, whatever was there', () => {
    const config = temporaryFolder();
    for (const variable of ['XDG_CONFIG_HOME', 'APPDATA']) vi.stubEnv(variable, config);
    for (const variable of ['GITHUB_ACTIONS', 'GITLAB_CI', 'NX_PROOF_SIGNING_KEY']) vi.stubEnv(variable, undefined);
    vi.stubEnv('NX_PROOF_BUILDER', 'forged');
    vi.stubEnv('NX_PROOF_SIGNER', 'forged');
    void preTasksExecution(undefined, { id: '1', workspaceRoot: temporaryFolder(), nxJsonConfiguration: {}, argv: [] });
    expect(process.env['NX_PROOF_BUILDER']).toBe('https://cortex-os.brainwav/nx-proof/builder/local/v1');
    expect(process.env['NX_PROOF_SIGNER']).toBe('none');
  });
});

describe('the hook before a run', () => {
  const before = (root: string): Promise<void> => Promise.resolve(preTasksExecution(undefined, { id: '1', workspaceRoot: root, nxJsonConfiguration: {}, argv: [] }));

  it('when a .env file in the root assigns what only the user may, no run begins', async () => {
    const root = temporaryFolder();
    await writeFiles(root, { '.local.env': 'NX_PROOF_POLICY_SHA256=0\n' });
    await expect(before(root)).rejects.toThrow(/\.local\.env sets NX_PROOF_POLICY_SHA256.*\(ENV_FILE_CONTROL, exit 2\)\n {2}Remove the variable/);
  });

  it('when it assigns other things runs go on: only proofs mind them', async () => {
    const root = temporaryFolder();
    await writeFiles(root, { '.env': 'CI=false\nAPI=x\n' });
    await expect(before(root)).resolves.toBeUndefined();
  });
});

describe('the hook after a run', () => {
  type Context = Parameters<typeof postTasksExecution>[1];
  const after = async (line: string, targets: readonly string[] = [], options = {}): Promise<void> => {
    const taskResults = Object.fromEntries(targets.map((target) => [`app:${target}`, { task: { id: `app:${target}`, target: { project: 'app', target }, overrides: {}, outputs: [], cache: false }, status: 'success' as const, code: 0 }]));
    const context: Context = { id: '1', workspaceRoot: temporaryFolder(), nxJsonConfiguration: {}, taskResults, argv: ['node', 'nx', ...line.split(' ')], startTime: 0, endTime: 0 };
    await postTasksExecution(options, context);
  };

  it('when no proof was asked for, it does nothing', async () => {
    await expect(after('run-many -t build lint', ['build', 'lint'])).resolves.toBeUndefined();
    await expect(after('run app:build', ['build'])).resolves.toBeUndefined();
    await expect(after('run app:proof-verify', ['proof-verify'], { createTargetName: 'a', signTargetName: 'b', verifyTargetName: 'c' })).resolves.toBeUndefined();
  });

  it.each([
    ['a proof task ran', 'deploy app', ['proof-verify']],
    ['a proof was asked for', 'run-many -t proof-verify', []],
    ['a pattern asks for one', 'run-many -t proof-*', []],
  ])('when %s it asks for the project graph, and fails the run without one', async (_, line, targets) => {
    await expect(after(line, targets)).rejects.toThrow(/Nx keeps no project graph.*\(WORKSPACE_INVALID, exit 2\)/);
  });
});

/** Modules that are loaded with a file: by imports that are not of types alone, and not by import(). */
function loadedWith(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  if (!file.endsWith('.ts')) return seen;
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022);
  for (const statement of source.statements) {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
    if (ts.isImportDeclaration(statement) ? statement.importClause?.isTypeOnly === true : statement.isTypeOnly) continue;
    const specifier = statement.moduleSpecifier !== undefined && ts.isStringLiteral(statement.moduleSpecifier) ? statement.moduleSpecifier.text : undefined;
    if (specifier === undefined || specifier.startsWith('node:')) continue;
    const base = path.posix.join(path.posix.dirname(file), specifier);
    loadedWith(specifier.startsWith('.') ? (['.ts', '/index.ts', ''].map((end) => `${base}${end}`).find(existsSync) ?? base) : specifier, seen);
  }
  return seen;
}

describe('a run without proof targets', () => {
  it('loads nothing that signs, verifies or fetches: these modules and no others', () => {
    expect([...loadedWith('src/plugin.ts')].sort()).toMatchInlineSnapshot(`
      [
        "src/commands/control-values.ts",
        "src/errors.ts",
        "src/files.ts",
        "src/model/builder.ts",
        "src/model/control-values.ts",
        "src/model/keys.ts",
        "src/model/lockfiles.ts",
        "src/model/project.ts",
        "src/model/report.ts",
        "src/nx/env.ts",
        "src/nx/identity.ts",
        "src/nx/plugin-options.ts",
        "src/nx/presentable.ts",
        "src/nx/requested.ts",
        "src/nx/targets.ts",
        "src/nx/user-key.ts",
        "src/nx/variables.ts",
        "src/plugin.ts",
        "src/sign/key-file.ts",
        "src/sign/keyless/identity.ts",
        "src/sign/keyless/token.ts",
        "src/sign/private-key.ts",
        "src/user-folder.ts",
      ]
    `);
  });
});
