import { loadPolicy } from '../commands/policy';
import { verifyProof } from '../commands/verify';
import { statusLine, verdictLines } from '../model/report';
import type { VerifyOptions } from '../model/types';
import { projectOf } from './context';
import { memoised, type Runner } from './runner';

export const verifyRunner: Runner<'verify'> = ({ session }) => {
  const { env, workspace } = session;
  const policyOf = memoised((options: VerifyOptions) => loadPolicy(env, workspace.root, options));
  return async (name, options) => {
    const project = projectOf(workspace, name);
    const policy = await policyOf(options);
    const verdict = await verifyProof(session, { project, policy });
    const warnings = policy.warnings.map((warning) => statusLine(name, `WARNING: ${warning}`));
    return { success: verdict.result === 'PASSED', lines: [...verdictLines(verdict), ...warnings] };
  };
};
