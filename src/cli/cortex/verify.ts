import { readProofWorkspace } from '../../commands/envelope/place';
import { openEnvelopeVerifier } from '../../commands/envelope/verify';
import type { LoadedPolicy } from '../../commands/policy';
import type { Session } from '../../commands/session';
import { EXIT, isProofError, worstExit, type ExitCode, type ProofError } from '../../errors';
import { count, envelopeVerdictLines } from '../../model/report';
import type { EnvelopeVerdict } from '../../model/verdict';
import { fileOption, textOption, type CommandContext } from '../context';
import { errorDocument, forEachInOrder, printOutcome, type Outcome } from '../outcomes';
import { checkTrustOptions, policyOf } from '../policy-options';
import { projectNamed } from '../selection';
import { inPlace, selectProofs, type NamedProof } from './place';

/** `cortex-proofs verify`. Options come from the command line and the policy alone, never from what is verified. */
export async function runVerify(context: CommandContext): Promise<ExitCode> {
  checkTrustOptions(context.values);
  const graph = fileOption(context, 'graph');
  const read = (root: string): ReturnType<typeof readProofWorkspace> => readProofWorkspace(root, graph === undefined ? {} : { graph });
  return inPlace(context, read, async ({ session, bounds, concurrency, clear }) => {
    const name = textOption(context, 'project');
    const project = name === undefined ? undefined : projectNamed({ workspace: session.workspace, cwd: context.env.cwd }, name);
    const allowUnsigned = context.values['allow-unsigned'] === true;
    const policy = await policyIfNeeded(context, session, allowUnsigned);
    const verify = openEnvelopeVerifier(session, bounds, { policy, allowUnsigned, ...(project === undefined ? {} : { project }) });
    const outcomes = await forEachInOrder(selectProofs(context), {
      name: (proof: NamedProof) => proof.name,
      work: ({ file, name: proof }) => verify({ proof, file }),
      report: (outcome) => {
        clear();
        printOutcome(context.printer, outcome, envelopeVerdictLines);
      },
      concurrency,
    });
    return finish(context, outcomes);
  });
}

/** Where unsigned envelopes are accepted, no policy may be needed; where one turns out to be, its absence is the answer. */
async function policyIfNeeded(context: CommandContext, session: Session, allowUnsigned: boolean): Promise<LoadedPolicy | ProofError> {
  try {
    const policy = await policyOf(context, session);
    for (const warning of policy.warnings) context.printer.log('warn', warning);
    return policy;
  } catch (error) {
    if (allowUnsigned && isProofError(error) && error.code === 'POLICY_NOT_FOUND' && context.values['policy'] === undefined) return error;
    throw error;
  }
}

const EXITS = { PASSED: EXIT.ok, UNSIGNED: EXIT.ok, FAILED: EXIT.refused } as const;

function finish({ printer }: CommandContext, outcomes: readonly Outcome<EnvelopeVerdict>[]): ExitCode {
  const exitCode = worstExit(outcomes.map((outcome) => ('error' in outcome ? outcome.error.exitCode : EXITS[outcome.result.result])));
  const documents = outcomes.map((outcome) => ({ proof: outcome.project, ...('error' in outcome ? { error: errorDocument(outcome.error) } : { verdict: outcome.result }) }));
  printer.document({ outcomes: documents, exitCode });
  const results = outcomes.map((outcome) => ('error' in outcome ? 'ERROR' : outcome.result.result));
  const number = (result: (typeof results)[number]): number => results.filter((each) => each === result).length;
  const notSigned = number('UNSIGNED') === 0 ? [] : [`${number('UNSIGNED')} NOT SIGNED`];
  const parts = [`${count(number('PASSED'), 'proof')} verified`, ...notSigned, `${number('FAILED')} refused`, `${number('ERROR')} could not be verified`];
  printer.status(`${parts.join(', ')} (exit ${exitCode})`);
  return exitCode;
}
