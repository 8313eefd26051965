import { describe, expect, it } from 'vitest';
import { jsonDocument } from '../../src/model/json';
import { buildStatement, findDescriptor, readStatement, type StatementInput } from '../../src/model/statement';

const A = 'a'.repeat(64);
const B = 'b'.repeat(64);

const input = (changes: Partial<StatementInput> = {}): StatementInput => ({
  files: [{ path: 'apps/app/dist/main.js', size: 3, sha256: A }],
  folders: [{ path: 'apps/app/dist', dirHash: B }],
  project: { name: 'app', root: 'apps/app' },
  target: 'build',
  configuration: undefined,
  artifacts: ['{projectRoot}/dist'],
  versions: { nx: '24.0.6', nxProof: '0.1.0' },
  builder: { id: 'https://cortex-os.brainwav/nx-proof/builder/local/v1' },
  time: '2026-01-01T00:00:00Z',
  source: { repository: 'git+https://github.com/acme/w', commit: 'c'.repeat(40), dirty: false, sha256: A },
  lockfile: { path: 'pnpm-lock.yaml', sha256: B },
  dependencies: [
    { name: 'util', root: 'libs/util', sha256: undefined },
    { name: 'core', root: 'libs/core', sha256: A },
  ],
  envelopeSha256: B,
  ...changes,
});

const bytes = (statement: unknown): Buffer => Buffer.from(jsonDocument(statement));
const edited = (edit: (statement: ReturnType<typeof buildStatement>) => void): Buffer => {
  const statement = buildStatement(input());
  edit(statement);
  return bytes(statement);
};

describe('buildStatement', () => {
  it('names files first and artifact roots after them', () => {
    expect(buildStatement(input()).subject).toEqual([
      { name: 'apps/app/dist/main.js', digest: { sha256: A } },
      { name: 'apps/app/dist', digest: { dirHash: B } },
    ]);
  });

  it('records repository, source, lock file and dependencies, a missing proof without a digest', () => {
    const { resolvedDependencies } = buildStatement(input()).predicate.buildDefinition;
    expect(resolvedDependencies).toEqual([
      { name: 'repository', uri: 'git+https://github.com/acme/w', digest: { gitCommit: 'c'.repeat(40) }, annotations: { dirty: false } },
      { name: 'source:app', uri: 'workspace:/apps/app/', digest: { sha256: A } },
      { name: 'lockfile', uri: 'workspace:/pnpm-lock.yaml', digest: { sha256: B } },
      { name: 'nx:core', uri: 'workspace:/libs/core/', digest: { sha256: A } },
      { name: 'nx:util', uri: 'workspace:/libs/util/', annotations: { proof: 'none' } },
    ]);
    expect(findDescriptor(resolvedDependencies, 'nx:core')?.digest).toEqual({ sha256: A });
    expect(findDescriptor(resolvedDependencies, 'nx:none')).toBeUndefined();
  });

  it('leaves out what there is not: remote, lock file, configuration, invocation', () => {
    const { predicate } = buildStatement(input({ lockfile: undefined, dependencies: [], source: { ...input().source, repository: undefined } }));
    expect(predicate.buildDefinition.resolvedDependencies.map(({ name }) => name)).toEqual(['repository', 'source:app']);
    expect(predicate.buildDefinition.resolvedDependencies[0]).not.toHaveProperty('uri');
    expect(predicate.buildDefinition.externalParameters).toEqual({ project: 'app', target: 'build', artifacts: ['{projectRoot}/dist'] });
    expect(predicate.runDetails.metadata).not.toHaveProperty('invocationId');
  });

  it('records configuration, invocation and sha512 when given', () => {
    const statement = buildStatement(
      input({ configuration: 'production', builder: { id: 'https://b', invocationId: 'https://run/1' }, files: [{ path: 'x', size: 1, sha256: A, sha512: A + A }] }),
    );
    expect(statement.predicate.buildDefinition.externalParameters.configuration).toBe('production');
    expect(statement.predicate.runDetails.metadata?.invocationId).toBe('https://run/1');
    expect(statement.subject[0]?.digest).toEqual({ sha256: A, sha512: A + A });
  });
});

describe('readStatement', () => {
  it('reads what buildStatement made', () => {
    expect(readStatement(bytes(buildStatement(input())))).toEqual(buildStatement(input()));
  });

  it.each([
    ['empty subject list', '/subject', (s) => void (s.subject = [])],
    ['another statement type', '/_type', (s) => void ((s as { _type: string })._type = 'https://in-toto.io/Statement/v0.1')],
    ['another predicate type', '/predicateType', (s) => void ((s as { predicateType: string }).predicateType = 'https://slsa.dev/provenance/v0.2')],
    ['another build type', '/predicate/buildDefinition/buildType', (s) => void ((s.predicate.buildDefinition as { buildType: string }).buildType = 'https://x/v1')],
    ['an uppercase digest', '/subject/0/digest/sha256', (s) => void (s.subject[0]!.digest = { sha256: A.toUpperCase() })],
    ['a short digest', '/subject/0/digest/sha256', (s) => void (s.subject[0]!.digest = { sha256: 'ab' })],
    ['two subjects of one name', '/subject/1', (s) => void (s.subject[1]!.name = s.subject[0]!.name)],
    ['a subject with both digests', '/subject/0/digest', (s) => void (s.subject[0]!.digest.dirHash = B)],
    ['a subject with neither digest', '/subject/1/digest', (s) => void (s.subject[1]!.digest = { md5: 'aa' })],
    ['no builder', '/predicate/runDetails', (s) => void delete (s.predicate.runDetails as { builder?: unknown }).builder],
    ['an unknown external parameter', '/predicate/buildDefinition/externalParameters', (s) => void Object.assign(s.predicate.buildDefinition.externalParameters, { x: 1 })],
  ] as [string, string, (s: ReturnType<typeof buildStatement>) => void][])('refuses %s and names %s', (_name, field, edit) => {
    expect(() => readStatement(edited(edit))).toThrow(expect.objectContaining({ code: 'STATEMENT_INVALID', details: expect.objectContaining({ field }) as unknown }) as Error);
  });

  it.each([
    ['pretty-printed JSON', (text: string) => JSON.stringify(JSON.parse(text), null, 2)],
    ['a missing newline', (text: string) => text.trimEnd()],
    ['a repeated member', (text: string) => text.replace('{"_type"', '{"_type":"x","_type"')],
    ['another order of members', (text: string) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(text) as object).reverse())) + '\n'],
  ])('refuses %s', (_name, edit) => {
    const text = jsonDocument(buildStatement(input()));
    expect(() => readStatement(Buffer.from(edit(text)))).toThrow(expect.objectContaining({ code: 'STATEMENT_INVALID' }) as Error);
  });

  it('refuses what is not JSON or not UTF-8', () => {
    const invalid = expect.objectContaining({ code: 'JSON_INVALID' }) as Error;
    expect(() => readStatement(Buffer.from('{"_type":'))).toThrow(invalid);
    expect(() => readStatement(Buffer.from([0x22, 0xff, 0x22]))).toThrow(invalid);
    expect(() => readStatement(Buffer.from('\uFEFF{}'))).toThrow(invalid);
  });
});
