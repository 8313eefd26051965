import { describe, expect, it } from 'vitest';
import { openSession } from '../../src/commands/session';

const env = (variables: Record<string, string>) => ({ now: () => new Date(), env: variables, cwd: '/', signal: new AbortController().signal });
const workspace = { root: '/', projects: new Map() };

describe('openSession', () => {
  it.each(['', '0', '1', '16'])('when NX_PROOF_WORKERS is "%s", it takes it', async (value) => {
    await openSession(env({ NX_PROOF_WORKERS: value }), workspace).close();
  });

  it.each(['-1', 'two', '1.5', '99999'])('when NX_PROOF_WORKERS is "%s", it refuses and names it', (value) => {
    expect(() => openSession(env({ NX_PROOF_WORKERS: value }), workspace)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(`NX_PROOF_WORKERS="${value}"`) }));
  });
});
