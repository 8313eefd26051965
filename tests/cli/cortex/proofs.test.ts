import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src/model/digest';
import { ENVELOPE_BUILD_TYPE, type EnvelopeStatement } from '../../../src/model/envelope-statement';
import { DESCRIBED, EnvelopeWorkspace, RUNTIME, envelopeBinding } from '../../support/envelopes';

let w: EnvelopeWorkspace;
beforeEach(async () => void (w = await EnvelopeWorkspace.create()));
afterEach(() => w.remove());

const REPORT = 'apps/app/report.md';
const PROOF = `${REPORT}.proof.json`;

describe('cortex-proofs create', () => {
  it('writes the envelope of a file beside it, as the tool before did', async () => {
    const { stdout } = await w.create();
    expect(stdout).toBe(`[brAInwav] ${PROOF}: created the proof envelope of 1 file, 23 B; nobody has signed it yet\n`);
    const envelope = await w.envelope(PROOF);
    expect(envelope).toEqual({
      proofSpec: 'cortex-os/proof-artifact',
      specVersion: '0.2.0',
      id: expect.stringMatching(/^[0-9A-Z]{26}$/) as string,
      issuedAt: expect.stringMatching(/^20\d\d-.*Z$/) as string,
      actor: { agent: 'cortex-agent', role: 'worker' },
      artifact: { uri: `workspace:/${REPORT}`, mime: 'text/markdown', contentHash: { alg: 'sha256', hex: sha256Hex('# Report\n\nAll is well.\n') } },
      context: { public: { instruction: 'summarize' } },
      evidence: [],
      runtime: { model: 'gpt-5-codex' },
    });
  });

  it('takes all that the tool before took: JSON in options, a list of bundle files, another output', async () => {
    await w.ws.write('apps/app/b.csv', '1\n');
    await w.ws.write('apps/app/a b.csv', '2\n');
    const sha256 = 'a'.repeat(64);
    const options = ['--evidence', '[{"type":"url","href":"https://example.com/"}]', '--policy', '[{"name":"wcag","status":"pass"}]', '--trace', `{"otel":{"traceId":"${'0'.repeat(32)}"}}`];
    await w.ok(['create', '--artifact', 'report.md', ...DESCRIBED, ...options, '--sealed-ref', `{"uri":"vault:/x","sha256":"${sha256}"}`, '--bundle', 'b.csv', 'a b.csv', 'b.csv', '--out', 'out/x.proof.json'], { cwd: w.ws.file('apps/app') });
    expect(await w.envelope('apps/app/out/x.proof.json')).toMatchObject({
      bundle: {
        files: [
          { uri: 'workspace:/apps/app/a%20b.csv', sha256: sha256Hex('2\n') },
          { uri: 'workspace:/apps/app/b.csv', sha256: sha256Hex('1\n') },
        ],
        merkleRoot: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      },
      context: { sealedRef: { uri: 'vault:/x', sha256 } },
      evidence: [{ type: 'url', href: 'https://example.com/' }],
      policyReceipts: [{ name: 'wcag', status: 'pass' }],
      trace: { otel: { traceId: '0'.repeat(32) } },
    });
  });

  it('takes JSON from files as well', async () => {
    await w.ws.write('context.json', '{"from":"file"}');
    await w.ok(['create', '--artifact', REPORT, '--mime', 'text/markdown', '--context', 'context.json', '--runtime', ` ${RUNTIME}`]);
    expect((await w.envelope(PROOF)).context).toEqual({ public: { from: 'file' } });
  });

  it('gives the same bytes under SOURCE_DATE_EPOCH', async () => {
    const made = async (): Promise<string> => {
      await w.ok(['create', '--artifact', REPORT, ...DESCRIBED], { env: { SOURCE_DATE_EPOCH: '1700000000' } });
      return w.ws.read(PROOF);
    };
    const first = await made();
    expect(first).toContain('"issuedAt":"2023-11-14T22:13:20Z"');
    await w.create();
    expect(await w.ws.read(PROOF)).not.toBe(first);
    expect(await made()).toBe(first);
  });

  it.each([
    [['--mime', 'a/b', '--context', '{}', '--runtime', RUNTIME], 'needs --artifact FILE', 2],
    [['--artifact', REPORT, '--context', '{}', '--runtime', RUNTIME], 'needs --mime TYPE', 2],
    [['--artifact', REPORT, '--mime', 'a/b', '--runtime', RUNTIME], 'needs --context JSON', 2],
    [['--artifact', REPORT, '--mime', 'a/b', '--context', '{}'], 'needs --runtime JSON', 2],
    [['--artifact', REPORT, '--mime', 'a/b', '--context', '{', '--runtime', RUNTIME], '--context is not JSON', 2],
    [['--artifact', REPORT, '--mime', 'a/b', '--context', 'none.json', '--runtime', RUNTIME], '--context: neither a JSON object or array nor a file', 2],
    [['--artifact', REPORT, '--mime', 'a/b', '--context', '[]', '--runtime', RUNTIME], '/context/public must be object', 2],
    [['--artifact', REPORT, ...DESCRIBED, '--evidence', '{}'], '/evidence must be array', 2],
    [['--artifact', REPORT, ...DESCRIBED, '--evidence', '[{"type":"file"}]'], "/evidence/0 must have required property 'path'", 2],
    [['--artifact', REPORT, ...DESCRIBED, '--evidence', '[null]'], '/evidence/0', 2],
    [['--artifact', REPORT, ...DESCRIBED, '--policy', '[{"name":"x","status":"maybe"}]'], '/policyReceipts/0/status', 2],
    [['--artifact', 'apps/app/none.md', ...DESCRIBED], 'there is no file apps/app/none.md', 1],
    [['--artifact', 'apps/app/dist', ...DESCRIBED], '(ARTIFACT_KIND, exit 2)', 2],
    [['--artifact', '../x', ...DESCRIBED], '(PATH_OUTSIDE, exit 2)', 2],
    [['--artifact', REPORT, ...DESCRIBED, '--out', 'apps/app/.proof/x.proof.json'], 'belongs to the proof of an Nx target', 2],
    [['--artifact', REPORT, ...DESCRIBED, 'stray'], 'takes no argument', 2],
  ])('refuses %j', async (argv, message, exit) => {
    const { exitCode, stdout, stderr } = await w.run(['create', ...argv]);
    expect(stdout + stderr).toContain(message);
    expect(exitCode).toBe(exit);
  });

  it('refuses a link to the artifact, and one above it', async () => {
    await symlink('report.md', w.ws.file('apps/app/link.md'));
    await symlink('app', w.ws.file('apps/other'));
    for (const artifact of ['apps/app/link.md', 'apps/other/report.md']) {
      expect(await w.run(['create', '--artifact', artifact, ...DESCRIBED])).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('(ARTIFACT_SYMLINK, exit 2)') });
    }
  });

  it('reads what lies outside of the workspace only where that is allowed', async () => {
    await writeFile(path.join(w.cli.home, 'out.md'), 'outside\n');
    const artifact = path.join(w.cli.home, 'out.md');
    expect(await w.run(['create', '--artifact', artifact, ...DESCRIBED])).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('--allow-outside FOLDER') });
    await w.ok(['create', '--artifact', artifact, ...DESCRIBED, '--out', 'o.proof.json', '--allow-outside', w.cli.home]);
    expect((await w.envelope('o.proof.json')).artifact.uri).toBe(pathToFileURL(artifact).href);
    const verify = (...options: string[]): ReturnType<typeof w.run> => w.run(['verify', 'o.proof.json', '--allow-unsigned', ...options]);
    expect(await verify()).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('(PATH_OUTSIDE, exit 2)') });
    expect(await verify('--allow-outside', 'libs', '--allow-outside', w.cli.home)).toMatchObject({ exitCode: 0 });
  });
});

describe('the evidence of cortex-proofs create', () => {
  const create = (evidence: readonly object[], cwd = w.ws.root): ReturnType<typeof w.run> => w.run(['create', '--artifact', w.ws.file(REPORT), ...DESCRIBED, '--evidence', JSON.stringify(evidence)], { cwd });
  beforeEach(() => w.ws.write('docs/source.txt', 'one\r\ntwo\r\nthree\r\n'));

  it('is hashed, its quotes are found and hashed, and its path starts at the workspace', async () => {
    const quote = 'two\nthree';
    expect(await create([{ type: 'file', path: '../docs/source.txt', lines: { start: 2, end: 3 }, quote, commit: 'a'.repeat(40) }], w.ws.file('apps'))).toMatchObject({ exitCode: 0 });
    expect((await w.envelope(PROOF)).evidence).toEqual([
      { type: 'file', path: 'docs/source.txt', blobSha256: sha256Hex('one\r\ntwo\r\nthree\r\n'), quoteSha256: sha256Hex(quote), lines: { start: 2, end: 3 }, quote, commit: 'a'.repeat(40) },
    ]);
  });

  it.each([
    [{ path: 'docs/none.txt' }, 'docs/none.txt is missing'],
    [{ blobSha256: '0'.repeat(64) }, `not ${'0'.repeat(64)}`],
    [{ quote: 'four' }, 'docs/source.txt does not have the quote'],
    [{ quote: 'one', lines: { start: 2, end: 3 } }, 'does not have the quote in the lines 2 to 3'],
    [{ lines: { start: 2, end: 4 } }, 'docs/source.txt has 3 lines, and line 4 is named'],
    [{ lines: { start: 3, end: 2 } }, 'lines 3 to 2 are none'],
    [{ quote: 'one', quoteSha256: '0'.repeat(64) }, 'quoteSha256 is not the sha256 of the quote'],
  ])('is refused when it is not so: %j', async (entry, message) => {
    const { exitCode, stdout } = await create([{ type: 'file', path: 'docs/source.txt', ...entry }]);
    expect(stdout).toContain(message);
    expect(stdout).toContain('(EVIDENCE_MISMATCH, exit 1)');
    expect(exitCode).toBe(1);
  });

  it('is never a link', async () => {
    await symlink('source.txt', w.ws.file('docs/link.txt'));
    for (const quote of [{}, { quote: 'one' }]) expect((await create([{ type: 'file', path: 'docs/link.txt', ...quote }])).stdout).toContain('is a symbolic link');
  });

  it('of URLs is not fetched, and that is said', async () => {
    const snapshot = { bodySha256: 'b'.repeat(64), retrievedAt: '2026-01-01T00:00:00Z' };
    await create([{ type: 'url', href: 'https://example.com/a', snapshot }, { type: 'url', href: 'https://example.com/b' }, { type: 'file', path: 'docs/source.txt', quoteSha256: 'c'.repeat(64) }, { type: 'file', path: 'nx.json' }]);
    const { checks } = await w.verdict(PROOF, '--allow-unsigned');
    expect(checks.find(({ name }) => name === 'evidence')).toMatchObject({
      status: 'unchecked',
      message: `1 of 4 as the envelope says; https://example.com/a is not fetched; its snapshot is sha256:${'b'.repeat(64)}; https://example.com/b has no snapshot, so nothing pins what it said; docs/source.txt has a quoteSha256 without the quote, so it is not looked for`,
    });
  });
});

describe('cortex-proofs sign', () => {
  it('puts the bundle of the derived statement into the file, in the place of an earlier one', async () => {
    await w.ws.write('apps/app/data.csv', '1\n');
    await w.create(REPORT, '--bundle', 'apps/app/data.csv', '--evidence', '[{"type":"file","path":"nx.json"},{"type":"url","href":"https://example.com/"}]');
    const before = await w.envelope(PROOF);
    const { stdout } = await w.sign(PROOF);
    expect(stdout).toMatch(/^\[brAInwav\] apps\/app\/report\.md\.proof\.json: signed the statement sha256:[0-9a-f]{64} as key:sha256:[0-9a-f]{64}\n$/);
    const { attestations, ...rest } = await w.envelope(PROOF);
    expect(rest).toEqual(before);
    expect(attestations).toHaveLength(1);
    expect(JSON.parse((await w.payload(PROOF)).toString())).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
      subject: [
        { name: REPORT, digest: { sha256: before.artifact.contentHash.hex } },
        { name: 'apps/app/data.csv', digest: { sha256: sha256Hex('1\n') } },
      ],
      predicate: {
        buildDefinition: {
          buildType: ENVELOPE_BUILD_TYPE,
          externalParameters: { artifact: `workspace:/${REPORT}` },
          resolvedDependencies: [
            { name: 'evidence:0', uri: 'workspace:/nx.json', digest: { sha256: sha256Hex(await w.ws.read('nx.json')) } },
            { name: 'evidence:1', uri: 'https://example.com/' },
          ],
        },
        runDetails: {
          builder: { id: 'https://cortex-os.brainwav/nx-proof/builder/local/v1' },
          metadata: { startedOn: before.issuedAt, finishedOn: before.issuedAt },
          byproducts: [{ name: 'proof-envelope', digest: { sha256: envelopeBinding(before) } }],
        },
      },
    } satisfies EnvelopeStatement);
    await w.sign(PROOF);
    expect((await w.envelope(PROOF)).attestations).toHaveLength(1);
    expect(await w.verdict(PROOF)).toMatchObject({ result: 'PASSED', project: 'app' });
  });

  it('names the CI job as the builder', async () => {
    await w.create();
    const job = { GITHUB_ACTIONS: 'true', GITHUB_WORKFLOW_REF: 'acme/shop/.github/workflows/ci.yml@refs/heads/main', GITHUB_REPOSITORY: 'acme/shop', GITHUB_RUN_ID: '7' };
    await w.ok(['sign', PROOF, '--key', w.key], { env: job });
    expect((JSON.parse((await w.payload(PROOF)).toString()) as EnvelopeStatement).predicate.runDetails).toMatchObject({
      builder: { id: 'https://github.com/acme/shop/.github/workflows/ci.yml@refs/heads/main' },
      metadata: { invocationId: 'https://github.com/acme/shop/actions/runs/7/attempts/1' },
    });
    expect(await w.verdict(PROOF)).toMatchObject({ result: 'PASSED' });
  });

  it.each([
    ['the artifact', () => w.ws.write(REPORT, 'changed')],
    ['a file of the bundle', () => w.ws.write('apps/app/data.csv', '2\n')],
    ['the evidence', () => w.ws.write('docs/source.txt', 'two')],
    ['the artifact, which is gone', () => rm(w.ws.file(REPORT))],
  ])('refuses when %s is no longer what the envelope says, and leaves the file alone', async (_, change) => {
    await w.ws.write('apps/app/data.csv', '1\n');
    await w.ws.write('docs/source.txt', 'one');
    await w.create(REPORT, '--bundle', 'apps/app/data.csv', '--evidence', '[{"type":"file","path":"docs/source.txt"}]');
    const before = await w.ws.read(PROOF);
    await change();
    expect(await w.run(['sign', PROOF, '--key', w.key])).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('(SUBJECT_CHANGED, exit 1)') });
    expect(await w.ws.read(PROOF)).toBe(before);
  });

  it('signs the others when one fails, and says which', async () => {
    await w.create();
    await w.ws.write('libs/lib/notes.md', 'notes\n');
    await w.create('libs/lib/notes.md');
    await w.ws.write(REPORT, 'changed');
    const { exitCode, stdout } = await w.run(['sign', '--all', '--key', w.key]);
    expect(exitCode).toBe(1);
    expect(stdout.split('\n').filter((line) => line.startsWith('[brAInwav]'))).toEqual([
      expect.stringContaining(`${PROOF}: `),
      expect.stringContaining('libs/lib/notes.md.proof.json: signed the statement'),
      '[brAInwav] 1 proof signed, 1 failed (exit 1)',
    ]);
    expect(await w.verdict('libs/lib/notes.md.proof.json')).toMatchObject({ result: 'PASSED' });
  });

  it.each([
    [[PROOF], 'needs --issuer URL to sign keyless, or --key FILE'],
    [[PROOF, '--issuer', 'https://x', '--key', 'k.pem'], 'leave it out with --key'],
    [[PROOF, '--identity-token', 'a.b.c', '--key', 'k.pem'], 'goes with --issuer'],
    [['none.proof.json', '--key', 'KEY'], '(PROOF_NOT_FOUND, exit 2)'],
    [['--key', 'KEY'], 'no proof envelope was named; name files, or give --all'],
    [['--all', PROOF, '--key', 'KEY'], '--all means every envelope'],
    [['apps/app/.proof/create/envelope.proof.json', '--key', 'KEY'], 'belongs to the proof of an Nx target; "nx-proof sign apps/app"'],
    [['link.proof.json', '--key', 'KEY'], '(ARTIFACT_SYMLINK, exit 2)'],
    [[PROOF, '--issuer', 'OIDC@GitHub'], '(IDENTITY_NOT_FOUND, exit 2)'],
  ])('refuses %j with exit 2', async (argv, message) => {
    await w.create();
    await w.ws.create('app');
    await symlink(PROOF, w.ws.file('link.proof.json'));
    const { exitCode, stdout, stderr } = await w.run(['sign', ...argv.map((word) => (word === 'KEY' ? w.key : word))]);
    expect(stdout + stderr).toContain(message);
    expect(exitCode).toBe(2);
  });
});

describe('cortex-proofs verify', () => {
  it('prints the verdict, a line for each check, and a sum', async () => {
    await w.prove();
    const { exitCode, stdout, stderr } = await w.run(['verify', PROOF]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^\[brAInwav\] apps\/app\/report\.md\.proof\.json: PASSED; project app; signed by key [0-9a-f]{64}; statement sha256:[0-9a-f]{64}$/);
    expect(lines.slice(1, -1).map((line) => line.trim().split(/ +/).slice(0, 2).join(' '))).toEqual([
      'passed envelope', 'passed subjects', 'unchecked evidence', 'passed bundle', 'passed signature', 'passed identity', 'passed statement', 'passed predicate', 'asserted builder', 'unchecked source',
    ]);
    expect(lines.at(-1)).toBe('[brAInwav] 1 proof verified, 0 refused, 0 could not be verified (exit 0)');
  });

  it('does not care for white space in the file, nor for the folder that it runs in', async () => {
    await w.prove();
    await w.edit(PROOF, () => undefined);
    expect(await w.run(['verify', 'report.md.proof.json'], { cwd: w.ws.file('apps/app') })).toMatchObject({ exitCode: 0 });
  });

  it('refuses what nobody signed, and accepts its hashes when told to, without saying verified', async () => {
    await w.create();
    const refused = await w.run(['verify', PROOF]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stdout).toMatch(/ {2}failed +signature +unsigned: the envelope has no attestation \(SIGNATURE_MISSING, exit 1\)/);
    const allowed = await w.run(['verify', PROOF, '--allow-unsigned']);
    expect(allowed.exitCode).toBe(0);
    expect(allowed.stdout).toContain(`[brAInwav] ${PROOF}: NOT SIGNED; nobody vouches for it, but the files are as it says\n`);
    expect(allowed.stdout).toContain('[brAInwav] 0 proofs verified, 1 NOT SIGNED, 0 refused, 0 could not be verified (exit 0)');
    expect(allowed.stdout).not.toContain('PASSED');
    await w.ws.write(REPORT, 'changed');
    expect(await w.run(['verify', PROOF, '--allow-unsigned'])).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('(SUBJECT_MISMATCH, exit 1)') });
  });

  it('needs a policy or a signer, but for what is unsigned and allowed to be', async () => {
    await w.prove();
    await w.ws.write('libs/lib/notes.md', 'notes\n');
    await w.create('libs/lib/notes.md');
    await rm(w.ws.file('proof.policy.json'));
    expect(await w.run(['verify', PROOF])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('(POLICY_NOT_FOUND, exit 2)') });
    expect(await w.run(['verify', 'libs/lib/notes.md.proof.json', '--allow-unsigned'])).toMatchObject({ exitCode: 0 });
    expect(await w.run(['verify', '--all', '--allow-unsigned'])).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('(POLICY_NOT_FOUND, exit 2)') });
    expect(await w.run(['verify', '--all', '--allow-unsigned', '--policy', 'proof.policy.json'])).toMatchObject({ exitCode: 2 });
    expect(await w.run(['verify', PROOF, '--key', path.join(w.cli.home, 'nx-proof', 'signing.pub.pem')])).toMatchObject({ exitCode: 0 });
  });

  it('finds all envelopes in byte order, and none in folders that are not for it', async () => {
    const files = ['apps/app/z.md', 'apps/app/docs-x/a.md', 'apps/app/docs/b.md', 'apps/app/ä.md'];
    for (const file of files) {
      await w.ws.write(file, file);
      await w.prove(file);
    }
    for (const folder of ['.proof', '.nx', '.git', 'node_modules']) await w.ws.write(`apps/app/${folder}/x.proof.json`, '{}');
    await mkdir(w.ws.file('elsewhere'));
    await w.ws.write('elsewhere/x.proof.json', '{}');
    await symlink(w.ws.file('elsewhere'), w.ws.file('apps/app/linked'));
    await symlink(w.ws.file('elsewhere/x.proof.json'), w.ws.file('apps/app/linked.proof.json'));
    const { exitCode, stdout } = await w.run(['verify', '--all', '--concurrency', '2'], { cwd: w.ws.file('apps') });
    expect(exitCode).toBe(0);
    expect([...stdout.matchAll(/\] (.*): PASSED/g)].map(([, name]) => name)).toEqual(['app/docs-x/a.md', 'app/docs/b.md', 'app/z.md', 'app/ä.md'].map((name) => `${name}.proof.json`));
  });

  it('finding nothing is no success', async () => {
    expect(await w.run(['verify', '--all'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('there is no *.proof.json below') });
    expect(await w.run(['verify'])).toMatchObject({ exitCode: 2 });
  });

  it('lets 1 go before 3 before 2, and lists every outcome in its document', async () => {
    await w.prove();
    await w.ws.write('a.proof.json', '{}');
    await w.ws.write('b.md', 'b');
    await w.create('b.md');
    const result = await w.run(['verify', '--all', '--json']);
    expect(result.json()).toMatchObject({ exitCode: 1, outcomes: [{ proof: 'a.proof.json', error: { code: 'ENVELOPE_INVALID' } }, { proof: PROOF, verdict: { result: 'PASSED' } }, { proof: 'b.md.proof.json', verdict: { result: 'FAILED' } }] });
    expect(result.exitCode).toBe(1);
  });

  it('works without Nx: the root is the folder with the policy, and its one project that of package.json', async () => {
    await rm(w.ws.file('nx.json'));
    await w.ws.write('package.json', '{"name":"solo"}');
    await w.ws.write('proof.policy.json', JSON.stringify({ ...(await w.ws.json<object>('proof.policy.json')), rules: (await w.ws.json<{ rules: object[] }>('proof.policy.json')).rules.map((rule) => ({ ...rule, projects: ['solo'] })) }));
    await w.prove();
    expect(await w.verdict(PROOF)).toMatchObject({ result: 'PASSED', project: 'solo' });
    await rm(w.ws.file('package.json'));
    expect(await w.verdict(PROOF)).toMatchObject({ result: 'FAILED', checks: expect.arrayContaining([expect.objectContaining({ code: 'RULE_MISSING' })]) as unknown });
  });

  it('starts at the git repository, or at the current folder, where there is nothing else', async () => {
    await rm(w.ws.file('nx.json'));
    await rm(w.ws.file('proof.policy.json'));
    await w.create(REPORT);
    expect((await w.envelope(PROOF)).artifact.uri).toBe(`workspace:/${REPORT}`);
    await rm(w.ws.file('.git'), { recursive: true });
    await w.ok(['create', '--artifact', 'app/report.md', ...DESCRIBED], { cwd: w.ws.file('apps') });
    expect((await w.envelope(PROOF)).artifact.uri).toBe('workspace:/app/report.md');
  });
});
