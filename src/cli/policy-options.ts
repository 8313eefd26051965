import { identityPolicy, keyPolicy, loadPolicy, type LoadedPolicy } from '../commands/policy';
import type { Session } from '../commands/session';
import { chooseTrust, type TrustChoice } from '../commands/trust-choice';
import { fileOption, textOption, type CommandContext } from './context';
import { invalid } from './parse';

/**
 * A signer that is named on the command line takes the place of a policy.
 * @throws ProofError OPTION_INVALID for options that contradict each other
 */
export function checkTrustOptions(values: CommandContext['values']): void {
  const digest = values['policy-digest'];
  if (typeof digest === 'string' && !/^[0-9a-f]{64}$/.test(digest)) throw invalid('--policy-digest', digest, 'must be 64 lowercase hex digits');
  const given = (names: readonly string[]): string | undefined => names.find((name) => values[name] !== undefined);
  const signer = given(['key', 'certificate-identity', 'certificate-oidc-issuer']);
  if (signer === undefined) return;
  const clash = given(['policy', 'policy-digest', 'strict', ...(signer === 'key' ? ['certificate-identity', 'certificate-oidc-issuer'] : [])]);
  if (clash !== undefined) throw invalid(`--${signer}`, values[signer] ?? true, `takes the place of a policy; leave out --${clash}`);
  const [identity, issuer] = [values['certificate-identity'], values['certificate-oidc-issuer']];
  if ((identity === undefined) === (issuer === undefined)) return;
  throw invalid(`--${signer}`, values[signer] ?? true, `goes with --certificate-${identity === undefined ? 'identity' : 'oidc-issuer'}: an identity counts only with the issuer that vouches for it`);
}

/**
 * The policy that the options of the command ask for, with the trust root that they name.
 * @throws ProofError as loadPolicy, keyPolicy and chooseTrust do
 */
export async function policyOf(context: CommandContext, session: Session): Promise<LoadedPolicy> {
  return chooseTrust(await signersOf(context, session), context.env.cwd, trustOptions(context));
}

async function signersOf(context: CommandContext, { env, workspace }: Session): Promise<LoadedPolicy> {
  const key = fileOption(context, 'key');
  if (key !== undefined) return keyPolicy(workspace.root, { key });
  const [identity, issuer] = [textOption(context, 'certificate-identity'), textOption(context, 'certificate-oidc-issuer')];
  if (identity !== undefined && issuer !== undefined) return identityPolicy({ issuer, identity });
  const policy = fileOption(context, 'policy');
  const policyDigest = textOption(context, 'policy-digest');
  return loadPolicy(env, workspace.root, {
    ...(policy === undefined ? {} : { policy }),
    ...(policyDigest === undefined ? {} : { policyDigest }),
    ...(context.values['strict'] === true ? { strict: true } : {}),
  });
}

function trustOptions(context: CommandContext): TrustChoice {
  const trustedRoot = fileOption(context, 'trusted-root');
  return { ...(trustedRoot === undefined ? {} : { trustedRoot }), ...(context.values['offline'] === true ? { offline: true } : {}) };
}
