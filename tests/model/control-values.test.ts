import { describe, expect, it } from 'vitest';
import { controlValues, isEnvFile } from '../../src/model/control-values';

describe('isEnvFile', () => {
  it.each(['.env', '.env.local', '.local.env', '.env.proof-verify', '.env.proof-verify.local', '.proof-verify.env', '.build.production.local.env'])('is true of %s', (name) => {
    expect(isEnvFile(name)).toBe(true);
  });

  it.each(['env', '.envrc', 'app.env', '.environment', '.gitignore', '.env~'])('is false of %s', (name) => {
    expect(isEnvFile(name)).toBe(false);
  });
});

describe('controlValues', () => {
  it.each([
    ['a plain line', 'NX_PROOF_POLICY_SHA256=aa'],
    ['spaces and export', '\t export  NX_PROOF_POLICY_SHA256 = aa'],
    ['a colon', 'NX_PROOF_POLICY_SHA256: aa'],
    ['a colon at the end of the line', 'NX_PROOF_POLICY_SHA256:\naa'],
    ['another case, as Windows takes it', 'nx_proof_policy_sha256=aa'],
    ['a byte order mark', '\uFEFFNX_PROOF_POLICY_SHA256=aa'],
    ['carriage returns', 'A=1\rNX_PROOF_POLICY_SHA256=aa\r\n'],
    ['a line after an open quote', 'A="1\nNX_PROOF_POLICY_SHA256=aa'],
    ['a line after a name with a colon', 'A:\nNX_PROOF_POLICY_SHA256=aa'],
    ['an empty value', 'NX_PROOF_POLICY_SHA256='],
  ])('when there is %s it sees the variable', (_, text) => {
    expect(controlValues(text, 'own').map((name) => name.toUpperCase())).toEqual(['NX_PROOF_POLICY_SHA256']);
  });

  it('names each once, in their order, and no others', () => {
    expect(controlValues('NX_PROOF_B=1\nA=NX_PROOF_C=2\nNX_PROOF_A=2\nNX_PROOF_B=3\n#NX_PROOF_D=1\n', 'all')).toEqual(['NX_PROOF_B', 'NX_PROOF_A']);
  });

  it('sees where the keys of the user lie and what git is told, unless only its own variables are asked for', () => {
    const text = 'XDG_CONFIG_HOME=/x\nAPPDATA=/x\nHOME=/x\nUSERPROFILE=/x\nGIT_CONFIG_GLOBAL=/x\nGIT_DIR=/x\nHOMEPAGE=x\nGIT_SHA=x\nGIT_BRANCH=x\n';
    expect(controlValues(text, 'all')).toEqual(['XDG_CONFIG_HOME', 'APPDATA', 'HOME', 'USERPROFILE', 'GIT_CONFIG_GLOBAL', 'GIT_DIR']);
    expect(controlValues(text, 'own')).toEqual([]);
  });

  it.each([
    ['CI=false', ['CI']],
    ['CI=', ['CI']],
    ['CI=$OTHER', ['CI']],
    ['CI=true', []],
    ['CI="true"', []],
    ['CI=1', []],
  ])('of %s sees %j: only what says that this is no CI', (text, names) => {
    expect(controlValues(text, 'all')).toEqual(names);
  });
});
