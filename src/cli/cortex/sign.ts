import { signEnvelope } from '../../commands/envelope/sign';
import { openStatementSigner, type SigningOptions } from '../../commands/signer';
import { ProofError, type ExitCode } from '../../errors';
import type { Project } from '../../model/project';
import { signedLine } from '../../model/report';
import { textOption, type CommandContext } from '../context';
import { finish, forEachInOrder, printOutcome } from '../outcomes';
import { invalid } from '../parse';
import { AT_ONCE, signingOptions } from '../signing-options';
import { inPlace, selectProofs, withoutProjects, type NamedProof } from './place';

/** Issuers by the names that pipelines of the tool before use. */
const ISSUERS: Readonly<Record<string, string>> = { 'OIDC@GitHub': 'https://token.actions.githubusercontent.com' };

/** Envelopes are signed alike, whatever project they lie in. */
const ANY: Project = { name: '*', root: '.', tags: [], artifacts: undefined, dependencies: undefined };

/** `cortex-proofs sign`: keyless with --issuer and one certificate for all, else with a key that is named; the user's own key is not taken unasked. */
export async function runSign(context: CommandContext): Promise<ExitCode> {
  const options = optionsOf(context);
  return inPlace(context, withoutProjects, async ({ session, bounds, concurrency, clear }) => {
    const opened = await openStatementSigner(session.env, bounds.root, options);
    session.onClose(opened.close);
    for (const warning of opened.warnings) context.printer.log('warn', warning);
    const signer = opened.signerFor(ANY);
    const outcomes = await forEachInOrder(selectProofs(context), {
      name: ({ name }: NamedProof) => name,
      work: async ({ file }) => ({ ...(await signEnvelope(session, bounds, file, signer)), mode: opened.mode, signer: opened.name }),
      report: (outcome) => {
        clear();
        printOutcome(context.printer, outcome, ({ statementSha256, signer: name }) => [signedLine(outcome.project, statementSha256, name)]);
      },
      concurrency: Math.min(concurrency, AT_ONCE[opened.mode]),
    });
    return finish(context.printer, outcomes, 'signed', 'proof');
  });
}

function optionsOf(context: CommandContext): SigningOptions {
  const { values, env } = context;
  const issuer = textOption(context, 'issuer');
  if (issuer !== undefined && values['key'] !== undefined) throw invalid('--issuer', issuer, 'names who issued an identity token; leave it out with --key');
  if (issuer === undefined && values['key'] === undefined && (env.env['NX_PROOF_SIGNING_KEY'] ?? '') === '') {
    throw new ProofError('OPTION_INVALID', 'cortex-proofs sign needs --issuer URL to sign keyless, or --key FILE', { details: { option: '--issuer' } });
  }
  const token = ['identity-token', 'identity-token-variable'].find((name) => values[name] !== undefined);
  if (issuer === undefined && token !== undefined) throw invalid(`--${token}`, true, 'goes with --issuer, the issuer that the token must be of');
  return { ...signingOptions(context), ...(issuer === undefined ? {} : { issuer: ISSUERS[issuer] ?? issuer }) };
}
