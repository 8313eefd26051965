import { openSigner } from '../commands/keys';
import { signProof } from '../commands/sign';
import { ProofError, type ExitCode } from '../errors';
import { statusLine } from '../model/report';
import type { Project, Workspace } from '../model/project';
import { fileOption, inWorkspace, type CommandContext } from './context';
import { finish, forEachProject, printOutcome } from './outcomes';
import { invalid } from './parse';
import { projectArgument, projectHere, projectsWithStatement } from './selection';

/** `nx-proof sign`. Options come from the command line alone: a workspace cannot choose the key. */
export function runSign(context: CommandContext): Promise<ExitCode> {
  return inWorkspace(context, async (session, clear) => {
    const projects = await selectProjects(context, session.workspace);
    const key = fileOption(context, 'key');
    const signer = await openSigner(session.env, session.workspace.root, key === undefined ? {} : { key });
    const outcomes = await forEachProject(
      projects,
      (project) => signProof(session, { project, signer }),
      (outcome) => {
        clear();
        printOutcome(context.printer, outcome, ({ project, statementSha256, issuer }) => [statusLine(project, `signed the statement sha256:${statementSha256} as ${issuer}`)]);
      },
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
