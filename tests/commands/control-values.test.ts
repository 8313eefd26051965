import { chmodSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { geteuid } from 'node:process';
import { describe, expect, it } from 'vitest';
import { refuseControlValues } from '../../src/commands/control-values';
import { temporaryFolder, writeFiles } from '../support/folder';

async function workspace(files: Readonly<Record<string, string>>): Promise<string> {
  const root = temporaryFolder();
  await writeFiles(root, files);
  return root;
}

describe('refuseControlValues', () => {
  it('when a file of the root assigns such a variable it names both', async () => {
    const root = await workspace({ '.env': 'A=1\n', '.env.local': 'NX_PROOF_POLICY_SHA256=a\nHOME=/x\n' });
    await expect(refuseControlValues(root, ['.'])).rejects.toMatchObject({
      code: 'ENV_FILE_CONTROL',
      exitCode: 2,
      message: expect.stringContaining('.env.local sets NX_PROOF_POLICY_SHA256, HOME: ') as string,
      details: { file: '.env.local', names: ['NX_PROOF_POLICY_SHA256', 'HOME'] },
    });
  });

  it('when a file of a project does, it is seen in the folders that are given', async () => {
    const root = await workspace({ 'apps/app/.env.proof-verify': 'NX_PROOF_SIGNER=key:0\n' });
    await expect(refuseControlValues(root, ['.', 'apps/app'])).rejects.toMatchObject({ details: { file: 'apps/app/.env.proof-verify' } });
    await expect(refuseControlValues(root, ['.', 'apps/other'])).resolves.toBeUndefined();
  });

  it('when only its own variables are asked for, others may stand there', async () => {
    const root = await workspace({ '.env': 'CI=false\nHOME=/x\n' });
    await expect(refuseControlValues(root, ['.'], 'own')).resolves.toBeUndefined();
    await expect(refuseControlValues(root, ['.'])).rejects.toMatchObject({ code: 'ENV_FILE_CONTROL' });
  });

  it('when something of that name is no file, or there is no folder, nothing can come from it', async () => {
    const root = await workspace({ 'file': 'x' });
    mkdirSync(path.join(root, '.env'));
    await expect(refuseControlValues(root, ['.', 'file', 'nowhere'])).resolves.toBeUndefined();
  });

  it.skipIf(geteuid?.() === 0 || path.sep !== '/')('when a file cannot be read, Nx cannot read it either', async () => {
    const root = await workspace({ '.env': 'NX_PROOF_A=1\n' });
    chmodSync(path.join(root, '.env'), 0);
    await expect(refuseControlValues(root, ['.'])).resolves.toBeUndefined();
  });

  it('when a file is larger than any of its kind it is refused', async () => {
    const root = await workspace({ '.env': 'A=1\n'.repeat(1_100_000) });
    await expect(refuseControlValues(root, ['.'])).rejects.toMatchObject({ code: 'FILE_TOO_LARGE' });
  });
});
