import { signProof } from '../commands/sign';
import { openStatementSigner, type OpenedSigner } from '../commands/signer';
import { toProofError } from '../errors';
import { errorLines, signedLine, statusLine } from '../model/report';
import type { SignOptions } from '../model/types';
import { projectOf } from './context';
import { memoised, type Runner } from './runner';

/** All tasks with the same options share one signer: one key and one certificate, if it is keyless. */
export const signRunner: Runner<'sign'> = ({ session }) => {
  const { env, workspace } = session;
  const signerOf = memoised(async (options: SignOptions): Promise<OpenedSigner> => {
    const opened = await openStatementSigner(env, workspace.root, options);
    session.onClose(opened.close);
    return opened;
  });
  const warned = new Set<string>();
  const warningsFor = (name: string, { warnings }: OpenedSigner): string[] =>
    warnings.filter((warning) => !warned.has(warning) && warned.add(warning)).map((warning) => statusLine(name, `warning: ${warning}`));
  return async (name, options) => {
    const project = projectOf(workspace, name);
    const opened = await signerOf(options);
    const warnings = warningsFor(name, opened);
    try {
      const { statementSha256 } = await signProof(session, { project, signer: opened.signerFor(project) });
      return { success: true, lines: [signedLine(name, statementSha256, opened.name), ...warnings] };
    } catch (error) {
      // The entry may be in the log all the same.
      if (warnings.length > 0) return { success: false, lines: [...errorLines(name, toProofError(error)), ...warnings] };
      throw error;
    }
  };
};
