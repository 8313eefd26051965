import { openSigner } from '../commands/keys';
import { signProof } from '../commands/sign';
import { statusLine } from '../model/report';
import { projectOf } from './context';
import { memoised, type Runner } from './runner';

export const signRunner: Runner<'sign'> = ({ session }) => {
  const { env, workspace } = session;
  const signerOf = memoised((options: { readonly key?: string }) => openSigner(env, workspace.root, options));
  return async (name, options) => {
    const project = projectOf(workspace, name);
    const signed = await signProof(session, { project, signer: await signerOf(options) });
    return { success: true, lines: [statusLine(name, `signed the statement sha256:${signed.statementSha256} as ${signed.issuer}`)] };
  };
};
