import { signProof } from '../commands/sign';
import { openStatementSigner } from '../commands/signer';
import { ProofError, type ExitCode } from '../errors';
import { signedLine } from '../model/report';
import type { Project, Workspace } from '../model/project';
import { inWorkspace, type CommandContext } from './context';
import { finish, forEachProject, printOutcome } from './outcomes';
import { invalid } from './parse';
import { projectArgument, projectHere, projectsWithStatement } from './selection';
import { AT_ONCE, signingOptions } from './signing-options';

/** `nx-proof sign`. Options come from the command line alone: a workspace cannot choose the key, nor whom the token is sent to. */
export function runSign(context: CommandContext): Promise<ExitCode> {
  return inWorkspace(context, async (session, clear) => {
    const projects = await selectProjects(context, session.workspace);
    const opened = await openStatementSigner(session.env, session.workspace.root, signingOptions(context));
    session.onClose(opened.close);
    for (const warning of opened.warnings) context.printer.log('warn', warning);
    const outcomes = await forEachProject(
      projects,
      async (project) => ({ ...(await signProof(session, { project, signer: opened.signerFor(project) })), mode: opened.mode, signer: opened.name }),
      (outcome) => {
        clear();
        printOutcome(context.printer, outcome, ({ project, statementSha256, signer }) => [signedLine(project, statementSha256, signer)]);
      },
      AT_ONCE[opened.mode],
    );
    return finish(context.printer, outcomes, 'signed');
  });
}

async function selectProjects(context: CommandContext, workspace: Workspace): Promise<readonly Project[]> {
  const { positionals, values, env } = context;
  const place = { workspace, cwd: env.cwd };
  if (values['all'] === true) {
    if (positionals[0] !== undefined) throw invalid('--all', true, `means every project; leave out ${JSON.stringify(positionals[0])}`);
    const all = await projectsWithStatement(workspace);
    if (all.length === 0) throw new ProofError('STATEMENT_NOT_FOUND', `no project of ${workspace.root} has a statement`);
    return all;
  }
  if (positionals.length > 0) return [...new Set(positionals.map((argument) => projectArgument(place, argument)))];
  const here = projectHere(place);
  if (here === undefined) throw new ProofError('STATEMENT_NOT_FOUND', `${env.cwd} lies in no project; name projects, or give --all`);
  return [here];
}
