import type { LoadedPolicy } from '../commands/policy';
import type { Session } from '../commands/session';
import { verifyMany, verifyWorkspace } from '../commands/verify';
import { EXIT, ProofError, worstExit, type ExitCode } from '../errors';
import { count, verdictLines } from '../model/report';
import type { Verdict } from '../model/verdict';
import { inWorkspace, textOption, type CommandContext } from './context';
import { errorDocument, printOutcome, type Outcome } from './outcomes';
import { invalid } from './parse';
import { checkTrustOptions, policyOf } from './policy-options';
import { projectHere, projectNamed, selectPath, type Selected } from './selection';

/** `nx-proof verify`. Options come from the command line and the policy alone, never from the projects that are verified. */
export function runVerify(context: CommandContext): Promise<ExitCode> {
  checkCombination(context);
  return inWorkspace(context, async (session, clear) => {
    const selected = context.values['all'] === true ? undefined : await select(context, session);
    // Begun now, git answers while the policy is read and the artifacts are hashed; whoever needs the answer is told of a failure.
    session.source.digests().catch(() => undefined);
    const policy = await policyOf(context, session);
    for (const warning of policy.warnings) context.printer.log('warn', warning);
    const outcomes = await verify(session, policy, selected);
    clear();
    for (const outcome of outcomes) printOutcome(context.printer, outcome, verdictLines);
    return finish(context, outcomes);
  });
}

function checkCombination({ values, positionals }: CommandContext): void {
  checkTrustOptions(values);
  if (values['all'] === true && positionals[0] !== undefined) throw invalid('--all', true, `means every project; leave out ${JSON.stringify(positionals[0])}`);
  const project = values['project'];
  if (project === undefined) return;
  if (values['all'] === true) throw invalid('--project', project, 'names one project; leave out --all');
  if (positionals.length > 1) throw invalid('--project', project, 'names the project of one PATH; verify several with one command each');
}

async function select(context: CommandContext, { workspace }: Session): Promise<readonly Selected[]> {
  const place = { workspace, cwd: context.env.cwd };
  const name = textOption(context, 'project');
  const as = name === undefined ? undefined : projectNamed(place, name);
  if (context.positionals.length > 0) {
    const selected: Selected[] = [];
    for (const argument of context.positionals) selected.push(await selectPath(place, argument, as));
    return [...new Map(selected.map((each) => [each.bundle ?? each.project, each])).values()];
  }
  const project = as ?? projectHere(place);
  if (project === undefined) throw new ProofError('PROOF_NOT_FOUND', `${context.env.cwd} lies in no project; give a PATH, or --all`);
  return [{ project }];
}

/** @throws ProofError PROOF_NOT_FOUND when there is nothing to verify: that is never a success */
async function verify(session: Session, policy: LoadedPolicy, selected: readonly Selected[] | undefined): Promise<Outcome<Verdict>[]> {
  const found = selected === undefined ? await verifyWorkspace(session, { policy }) : await verifyMany(session, selected.map((request) => ({ ...request, policy })));
  return found.map((outcome) => ('verdict' in outcome ? { project: outcome.project, result: outcome.verdict } : outcome));
}

function finish({ printer }: CommandContext, outcomes: readonly Outcome<Verdict>[]): ExitCode {
  const exitCode = worstExit(outcomes.map((outcome) => ('error' in outcome ? outcome.error.exitCode : outcome.result.result === 'PASSED' ? EXIT.ok : EXIT.refused)));
  const documents = outcomes.map((outcome) => ('error' in outcome ? { project: outcome.project, error: errorDocument(outcome.error) } : { project: outcome.project, verdict: outcome.result }));
  printer.document({ outcomes: documents, exitCode });
  const verdicts = outcomes.flatMap((outcome) => ('error' in outcome ? [] : [outcome.result.result]));
  const passed = verdicts.filter((result) => result === 'PASSED').length;
  const parts = [`${count(passed, 'project')} verified`, `${verdicts.length - passed} refused`, `${outcomes.length - verdicts.length} could not be verified`];
  printer.status(`${parts.join(', ')} (exit ${exitCode})`);
  return exitCode;
}
