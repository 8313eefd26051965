import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { prepareUserKey } from '../../src/commands/keys';
import { fingerprint } from '../../src/model/keys';
import { announceIdentity } from '../../src/nx/identity';
import { BUILDER_VARIABLE, SIGNER_VARIABLE } from '../../src/nx/variables';
import { locateSigningKey, publicKeyFile } from '../../src/sign';
import { testEnv } from '../support/env';
import { temporaryFolder } from '../support/folder';

const LOCAL = 'https://cortex-os.brainwav/nx-proof/builder/local/v1';
const home = (): Record<string, string> => {
  const folder = temporaryFolder();
  return { XDG_CONFIG_HOME: folder, APPDATA: folder };
};
const announced = (variables: Record<string, string>): Record<string, string | undefined> => {
  const env: Record<string, string | undefined> = { ...variables };
  announceIdentity(env);
  return env;
};

describe('announceIdentity', () => {
  it('when there is neither CI nor a key it says so', () => {
    expect(announced(home())).toMatchObject({ [BUILDER_VARIABLE]: LOCAL, [SIGNER_VARIABLE]: 'none' });
  });

  it('when a .env file has set the variables they are overwritten', () => {
    expect(announced({ ...home(), [BUILDER_VARIABLE]: 'https://github.com/x', [SIGNER_VARIABLE]: 'key:0' })).toMatchObject({ [BUILDER_VARIABLE]: LOCAL, [SIGNER_VARIABLE]: 'none' });
  });

  it('when in CI it names the workflow', () => {
    const workflow = 'acme/shop/.github/workflows/release.yml@refs/heads/main';
    expect(announced({ ...home(), GITHUB_ACTIONS: 'true', GITHUB_WORKFLOW_REF: workflow })[BUILDER_VARIABLE]).toBe(`https://github.com/${workflow}`);
  });

  it('when the user has a key it is that, also without its public file', async () => {
    const variables = home();
    const key = await prepareUserKey(testEnv(variables));
    await key.save();
    expect(announced(variables)[SIGNER_VARIABLE]).toBe(`key:${key.fingerprint}`);
    rmSync(publicKeyFile(locateSigningKey(variables)));
    expect(announced(variables)[SIGNER_VARIABLE]).toBe(`key:${key.fingerprint}`);
  });

  it('when NX_PROOF_SIGNING_KEY is set it is that one, encrypted or not', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const expected = `key:${fingerprint(createPublicKey(privateKey))}`;
    const plain = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const encrypted = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' }).toString();
    expect(announced({ ...home(), NX_PROOF_SIGNING_KEY: plain })[SIGNER_VARIABLE]).toBe(expected);
    expect(announced({ ...home(), NX_PROOF_SIGNING_KEY: encrypted, NX_PROOF_KEY_PASSPHRASE: 'open sesame' })[SIGNER_VARIABLE]).toBe(expected);
    const env = announced({ ...home(), NX_PROOF_SIGNING_KEY: encrypted, NX_PROOF_KEY_PASSPHRASE: 'wrong' });
    expect(env[SIGNER_VARIABLE]).toBe('unreadable:KEY_PASSPHRASE');
  });

  it('when the key cannot be read the run goes on', () => {
    expect(announced({ ...home(), NX_PROOF_SIGNING_KEY: 'no key' })[SIGNER_VARIABLE]).toBe('unreadable:KEY_INVALID');
    const variables = home();
    mkdirSync(publicKeyFile(locateSigningKey(variables)), { recursive: true });
    expect(announced(variables)[SIGNER_VARIABLE]).toBe('unreadable:IO_ERROR');
  });

  it('when it has been called it took a moment, and holds no secret', () => {
    const variables = home();
    mkdirSync(path.dirname(locateSigningKey(variables)), { recursive: true });
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(publicKeyFile(locateSigningKey(variables)), publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(locateSigningKey(variables), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    expect(announced(variables)[SIGNER_VARIABLE]).toMatch(/^key:[0-9a-f]{64}$/);
  });

  it('when a token is at hand it names issuer and identity, unless a key goes before', () => {
    const claims = { iss: 'https://issuer.example', sub: 'robot', exp: 1, aud: 'sigstore' };
    const token = (more: object): string => `e30.${Buffer.from(JSON.stringify({ ...claims, ...more })).toString('base64url')}.e30`;
    expect(announced({ ...home(), SIGSTORE_ID_TOKEN: token({}) })[SIGNER_VARIABLE]).toBe('keyless:https://issuer.example robot');
    expect(announced({ ...home(), SIGSTORE_ID_TOKEN: token({ email: 'a@b', email_verified: true }) })[SIGNER_VARIABLE]).toBe('keyless:https://issuer.example a@b');
    expect(announced({ ...home(), SIGSTORE_ID_TOKEN: 'SECRET' })[SIGNER_VARIABLE]).toBe('unreadable:TOKEN_INVALID');
    expect(announced({ ...home(), SIGSTORE_ID_TOKEN: token({}), NX_PROOF_SIGNING_KEY: 'no key' })[SIGNER_VARIABLE]).toBe('unreadable:KEY_INVALID');
  });

  it('when the job can have a token it names the workflow', () => {
    const workflow = 'acme/shop/.github/workflows/release.yml@refs/heads/main';
    const job = { GITHUB_ACTIONS: 'true', GITHUB_WORKFLOW_REF: workflow, ACTIONS_ID_TOKEN_REQUEST_URL: 'https://x', ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'y' };
    expect(announced({ ...home(), ...job })[SIGNER_VARIABLE]).toBe(`keyless:https://github.com/${workflow}`);
  });
});
