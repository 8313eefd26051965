import { loadPolicy } from '../commands/policy';
import { openVerifier } from '../commands/verify';
import { statusLine, verdictLines } from '../model/report';
import type { VerifyOptions } from '../model/types';
import { projectOf } from './context';
import { memoised, type Runner } from './runner';

export const verifyRunner: Runner<'verify'> = ({ session }) => {
  const { env, workspace } = session;
  const verifierOf = memoised(async (options: VerifyOptions) => {
    const policy = await loadPolicy(env, workspace.root, options);
    return { policy, verify: openVerifier(session, policy) };
  });
  return async (name, options) => {
    const project = projectOf(workspace, name);
    const { policy, verify } = await verifierOf(options);
    const verdict = await verify({ project });
    const warnings = policy.warnings.map((warning) => statusLine(name, `WARNING: ${warning}`));
    return { success: verdict.result === 'PASSED', lines: [...verdictLines(verdict), ...warnings] };
  };
};
