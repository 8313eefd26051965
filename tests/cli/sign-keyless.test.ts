import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BUNDLE, CliWorkspace } from '../support/cli-workspace';
import { verifyWithLibrary } from '../support/keyless';
import { startSigstore, type Sigstore } from '../support/sigstore';
import { json, type Call } from '../support/sigstore/server';

let sigstore: Sigstore;
let cli: CliWorkspace;
beforeAll(async () => void (sigstore = await startSigstore({ dsseKind: 'dsse' })));
afterAll(() => sigstore.close());
beforeEach(async () => {
  cli = await CliWorkspace.create([{ name: 'app' }, { name: 'lib' }, { name: 'docs' }]);
  for (const name of ['app', 'lib', 'docs']) await cli.ws.create(name);
});
afterEach(async () => {
  for (const service of [sigstore.fulcio, sigstore.rekor, sigstore.tsa]) {
    service.fault = undefined;
    service.calls.length = 0;
  }
  await cli.remove();
});

const services = (): string[] => ['--fulcio-url', sigstore.fulcio.url, '--rekor-url', sigstore.rekor.url];
const signed = (project: string): Promise<Buffer> => readFile(cli.ws.file(`apps/${project}/${BUNDLE}`));

describe('nx-proof sign, keyless', () => {
  it('signs all projects with one certificate, and says who signed', async () => {
    const { exitCode, stdout, stderr } = await cli.run(['sign', '--all', ...services()], { env: { SIGSTORE_ID_TOKEN: sigstore.oidc.token() } });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.match(/\[brAInwav\] (app|lib|docs): signed the statement sha256:[0-9a-f]{64} as https:\/\/github\.com\/acme\/.* keyless with the token of SIGSTORE_ID_TOKEN\n/g)).toHaveLength(3);
    expect(sigstore.fulcio.calls).toHaveLength(1);
    for (const project of ['app', 'lib', 'docs']) verifyWithLibrary(sigstore, await signed(project));
    const envelope = await cli.ws.json<{ attestations: { signing: unknown }[] }>('apps/app/.proof/sign/envelope.proof.json');
    expect(envelope.attestations[0]?.signing).toEqual({ method: 'sigstore-cosign', issuer: sigstore.oidc.url });
  });

  it('states the mode in its JSON document', async () => {
    const result = await cli.run(['sign', 'app', '--json', '--rate', '100/s', '--rekor-version', '1', ...services(), '--tsa-url', sigstore.tsa.url, `--identity-token=${sigstore.oidc.token()}`]);
    expect(result.json()).toMatchObject({ outcomes: [{ project: 'app', result: { mode: 'keyless', issuer: sigstore.oidc.url, signer: expect.stringContaining(sigstore.identity) as string } }], exitCode: 0 });
  });

  it('leaves the others their bundles when one fails', async () => {
    await cli.ws.write('apps/lib/dist/main.js', 'changed');
    const { exitCode, stdout } = await cli.run(['sign', '--all', ...services()], { env: { SIGSTORE_ID_TOKEN: sigstore.oidc.token() } });
    expect(exitCode).toBe(1);
    expect(stdout).toContain('(SUBJECT_CHANGED, exit 1)');
    for (const project of ['app', 'docs']) verifyWithLibrary(sigstore, await signed(project));
    await expect(signed('lib')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('ends with exit 3 and leaves no bundle when a service fails', async () => {
    sigstore.rekor.fault = { status: 400, body: '{"message":"no"}' };
    const { exitCode, stdout } = await cli.run(['sign', 'app', ...services()], { env: { SIGSTORE_ID_TOKEN: sigstore.oidc.token() } });
    expect(exitCode).toBe(3);
    expect(stdout).toMatch(/Rekor .* answered 400: no \(SERVICE_REFUSED, exit 3\)/);
    await expect(signed('app')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('warns of a public log before anything is sent', async () => {
    const { exitCode, stderr } = await cli.run(['sign', 'app'], { env: { SIGSTORE_ID_TOKEN: sigstore.oidc.token(), HTTPS_PROXY: 'http://127.0.0.1:9' }, signal: AbortSignal.timeout(200) });
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/warning: the log \(https:\/\/rekor\.sigstore\.dev\/\) is public for ever/);
  });

  it.each([
    [['--rate', 'fast'], '--rate "fast" must be a number of requests a second'],
    [['--rate', '0'], '--rate "0"'],
    [['--tlog', 'maybe'], '--tlog "maybe" must be one of required, none'],
    [['--rekor-version', '3'], '--rekor-version "3" must be one of 1, 2'],
    [['--fulcio-url', 'https://f'], 'fulcioUrl and rekorUrl go together'],
    [['--tlog', 'none'], 'needs a timestamp authority'],
    [['--signing-config', 'none.json'], 'signing configuration not found'],
  ])('refuses %j with exit 2', async (args, message) => {
    const { exitCode, stderr } = await cli.run(['sign', 'app', ...args], { env: { SIGSTORE_ID_TOKEN: sigstore.oidc.token() } });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe('the identity token', () => {
  it('is not repeated when it is given twice, whatever it looks like', async () => {
    const { exitCode, stdout, stderr } = await cli.run(['sign', '--json', '--identity-token', 'SECRET1', '--identity-token=SECRET2']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--identity-token is given twice; give it once');
    expect(stdout + stderr).not.toContain('SECRET');
  });

  const files = async (folder: string): Promise<string[]> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  };
  /** The secret parts: every piece of 20 characters of the signature, and the ends of the others. */
  const pieces = (token: string): string[] => {
    const [head = '', claims = '', signature = ''] = token.split('.');
    return [`${head}.`, claims.slice(0, 40), claims.slice(-40), ...Array.from({ length: Math.floor(signature.length / 20) }, (_, index) => signature.slice(index * 20, index * 20 + 20))];
  };
  const tokenOf = (call: Call): string => (JSON.parse(call.body.toString()) as { credentials: { oidcIdentityToken: string } }).credentials.oidcIdentityToken;

  it('is in no file, log or output, whether signing works or fails, and not even when it is misspelt or repeated by a service', async () => {
    const token = sigstore.oidc.token();
    const outputs: string[] = [];
    const run = async (args: string[], env: Record<string, string> = {}): Promise<void> => {
      for (const format of [[], ['--json'], ['--log-format', 'json']]) {
        const { stdout, stderr } = await cli.run([...args, '--log-level', 'debug', ...format], { env });
        outputs.push(stdout, stderr);
      }
    };
    await run(['sign', '--all', ...services(), '--identity-token', token]);
    await run(['sign', '--all', ...services()], { SIGSTORE_ID_TOKEN: token });
    await run(['sign', '--identity-token', token, '--identity-token', token]);
    await run(['sign', '--identity-tokn', token]);
    await run(['sign', token]);
    await run([token]);
    await run(['sign', '--tlog', token]);
    await run(['sign', '--key', token, '--identity-token', token]);
    await run(['sign', 'app', '--rekor-url', `https://user:${token}@rekor.example`, '--fulcio-url', sigstore.fulcio.url, '--identity-token', token]);
    await run(['sign', 'app', ...services()], { SIGSTORE_ID_TOKEN: `${token}x y` });
    for (const fault of [(call: Call) => json({ message: `refused ${tokenOf(call)}` }, 400), (call: Call) => ({ status: 201, body: tokenOf(call) }), 'cut'] as const) {
      sigstore.fulcio.fault = fault;
      await run(['sign', 'app', ...services()], { SIGSTORE_ID_TOKEN: token });
    }
    const written = await Promise.all([...(await files(cli.root)), ...(await files(cli.home))].map((file) => readFile(file, 'latin1')));
    expect(written.length).toBeGreaterThan(20);
    expect(outputs.join('')).toContain('[token]');
    for (const piece of pieces(token)) {
      for (const text of [...written, ...outputs]) expect(text).not.toContain(piece);
    }
  });
});
