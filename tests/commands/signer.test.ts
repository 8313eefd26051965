import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { generateKey } from '../../src/commands/keys';
import { openStatementSigner, type OpenedSigner, type SigningOptions } from '../../src/commands/signer';
import type { Project } from '../../src/model/project';
import { generatePrivateKey, privateKeyPem } from '../../src/sign';
import { testEnv } from '../support/env';
import { temporaryFolder } from '../support/folder';
import { statement, verifyWithLibrary } from '../support/keyless';
import { startSigstore, type Sigstore } from '../support/sigstore';
import { REQUEST_TOKEN } from '../support/sigstore/oidc';

const app: Project = { name: 'app', root: 'apps/app', tags: [], artifacts: [], dependencies: [] };

describe('openStatementSigner', () => {
  let sigstore: Sigstore;
  let root: string;
  let home: Record<string, string>;
  const opened: OpenedSigner[] = [];
  beforeAll(async () => void (sigstore = await startSigstore({ dsseKind: 'dsse' })));
  afterAll(() => sigstore.close());
  beforeEach(() => {
    root = temporaryFolder();
    const folder = temporaryFolder();
    home = { XDG_CONFIG_HOME: folder, APPDATA: folder };
    sigstore.fulcio.calls.length = 0;
    sigstore.oidc.calls.length = 0;
  });
  afterEach(async () => void (await Promise.all(opened.splice(0).map((one) => one.close()))));

  const open = async (options: SigningOptions = {}, variables: Record<string, string> = {}): Promise<OpenedSigner> => {
    const one = await openStatementSigner(testEnv({ ...home, ...variables }, { cwd: root }), root, options);
    opened.push(one);
    return one;
  };
  const services = (): SigningOptions => ({ fulcioUrl: sigstore.fulcio.url, rekorUrl: sigstore.rekor.url });
  const policy = (content: unknown): Promise<void> => writeFile(path.join(root, 'proof.policy.json'), JSON.stringify(content));
  const signerRule = { projects: ['*'], signers: [{ issuer: 'https://issuer.example', identity: 'someone' }] };
  const pem = (): string => privateKeyPem(generatePrivateKey('ecdsa-p256'), undefined);

  describe('when it chooses', () => {
    it('takes the key of the option before all else', async () => {
      await generateKey(testEnv(home, { cwd: root }), { file: 'my.pem' });
      const signer = await open({ key: 'my.pem' }, { NX_PROOF_SIGNING_KEY: pem(), SIGSTORE_ID_TOKEN: sigstore.oidc.token() });
      expect(signer).toMatchObject({ mode: 'key', name: expect.stringMatching(/^key:sha256:[0-9a-f]{64}$/) as string, warnings: [] });
      expect(signer.signerFor(app).issuer).toBe(signer.name);
    });

    it('takes a token that is given outright before NX_PROOF_SIGNING_KEY', async () => {
      const signer = await open({ ...services(), identityToken: sigstore.oidc.token() }, { NX_PROOF_SIGNING_KEY: pem() });
      expect(signer).toMatchObject({ mode: 'keyless', name: `${sigstore.identity} (${sigstore.oidc.url}), keyless with the token of --identity-token` });
      expect((await open({ ...services(), identityTokenVariable: 'MY' }, { MY: sigstore.oidc.token(), NX_PROOF_SIGNING_KEY: pem() })).mode).toBe('keyless');
    });

    it('takes NX_PROOF_SIGNING_KEY before the identity of the job', async () => {
      expect((await open({}, { NX_PROOF_SIGNING_KEY: pem(), SIGSTORE_ID_TOKEN: sigstore.oidc.token() })).mode).toBe('key');
    });

    it('takes the identity of the job before the user’s own key', async () => {
      await generateKey(testEnv(home, { cwd: root }));
      const variables = { GITHUB_ACTIONS: 'true', ACTIONS_ID_TOKEN_REQUEST_URL: `${sigstore.oidc.url}/token`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN };
      const signer = await open(services(), variables);
      expect(signer).toMatchObject({ mode: 'keyless', name: expect.stringContaining('token of GitHub Actions') as string });
      verifyWithLibrary(sigstore, await signer.signerFor(app).sign(statement()));
    });

    it('takes the user’s own key where there is no identity', async () => {
      await generateKey(testEnv(home, { cwd: root }));
      expect((await open()).mode).toBe('key');
      expect((await open({}, { CI: 'true' })).mode).toBe('key');
    });

    it('says what is missing: a key on a developer’s machine, an identity in CI', async () => {
      await expect(open()).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
      await expect(open({}, { CI: 'true', GITHUB_ACTIONS: 'true' })).rejects.toMatchObject({ code: 'IDENTITY_NOT_FOUND', message: expect.stringContaining('id-token: write') as string });
      await expect(open({ key: 'none.pem' }, { CI: 'true' })).rejects.toMatchObject({ code: 'KEY_NOT_FOUND' });
      await expect(open({ identityTokenVariable: 'MY' })).rejects.toMatchObject({ code: 'IDENTITY_NOT_FOUND', message: expect.stringContaining('MY: not set') as string });
    });

    it('takes no key and token at once', async () => {
      await expect(open({ key: 'x', identityToken: 'y' })).rejects.toMatchObject({ code: 'OPTION_INVALID', message: expect.not.stringContaining('y:') as string });
    });
  });

  describe('when it is keyless', () => {
    const token = (): { identityToken: string } => ({ identityToken: sigstore.oidc.token() });

    it('reads a signing configuration of the workspace', async () => {
      await writeFile(path.join(root, 'services.json'), JSON.stringify(sigstore.signingConfig(2)));
      const signer = await open({ ...token(), signingConfig: 'services.json' });
      verifyWithLibrary(sigstore, await signer.signerFor(app).sign(statement()));
      await expect(open({ ...token(), signingConfig: 'none.json' })).rejects.toMatchObject({ code: 'SIGNING_CONFIG_INVALID' });
    });

    it('names an identity that it cannot tell', async () => {
      const signer = await open({ ...services(), identityToken: sigstore.oidc.token({ job_workflow_ref: undefined }) });
      expect(signer.name).toContain(`an identity (${sigstore.oidc.url})`);
    });

    it('contacts only what the policy lists, and where the CI gives out tokens', async () => {
      const variables = { ACTIONS_ID_TOKEN_REQUEST_URL: `${sigstore.oidc.url}/token`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN };
      await policy({ version: 1, trust: { endpoints: [sigstore.fulcio.url, sigstore.rekor.url] }, rules: [signerRule] });
      verifyWithLibrary(sigstore, await (await open(services(), variables)).signerFor(app).sign(statement()));
      await policy({ version: 1, trust: { endpoints: ['https://sigstore.example'] }, rules: [signerRule] });
      sigstore.fulcio.calls.length = 0;
      await expect((await open(services(), variables)).signerFor(app).sign(statement())).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
      expect(sigstore.fulcio.calls).toHaveLength(0);
      await expect((await open({ ...services(), ...token() })).signerFor(app).sign(statement())).rejects.toMatchObject({ code: 'ENDPOINT_REFUSED' });
    });

    it('logs nothing only for projects whose rule allows that', async () => {
      const options = { ...token(), fulcioUrl: sigstore.fulcio.url, tsaUrl: sigstore.tsa.url, tlog: 'none', rate: 1000, concurrency: 2 } as const;
      const unruled = await open(options);
      expect(() => unruled.signerFor(app)).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('has no rule') as string }) as Error);
      for (const tlog of [undefined, 'required']) {
        await policy({ version: 1, rules: [{ ...signerRule, ...(tlog !== undefined && { tlog }) }] });
        const signer = await open(options);
        expect(() => signer.signerFor(app)).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('"tlog": "required"') as string }) as Error);
      }
      for (const tlog of ['none', 'optional']) {
        await policy({ version: 1, rules: [{ ...signerRule, tlog }] });
        verifyWithLibrary(sigstore, await (await open(options)).signerFor(app).sign(statement()), { tlogThreshold: 0 });
      }
    });

    it('does not guess what a broken policy says', async () => {
      await policy({ version: 1 });
      await expect(open({ ...services(), ...token() })).rejects.toMatchObject({ code: 'POLICY_INVALID' });
    });

    it('closes what it opened when the token is refused', async () => {
      await expect(open({ ...services(), identityToken: sigstore.oidc.token({ exp: 1 }) })).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
    });
  });

  it('trusts the certificates that it is given', async () => {
    const secure = await startSigstore({ tls: true });
    const options = { fulcioUrl: secure.fulcio.url, rekorUrl: secure.rekor.url, identityToken: secure.oidc.token() };
    verifyWithLibrary(secure, await (await open({ ...options, ca: secure.ca! })).signerFor(app).sign(statement()));
    await secure.close();
  });
});
