import path from 'node:path';
import { verifyBundle, type ArtifactReference, type BundleVerdict, type ExpectedSigner } from '../commands/verify-bundle';
import { EXIT, ProofError, type ExitCode } from '../errors';
import { lstatIfExists } from '../files';
import { checkLines, signerName } from '../model/report';
import { fileOption, textOption, type CommandContext } from './context';
import { invalid } from './parse';

/** `nx-proof verify-bundle`, as https://github.com/sigstore/sigstore-conformance/blob/main/docs/cli_protocol.md calls it. */
export async function runVerifyBundle(context: CommandContext): Promise<ExitCode> {
  const { env, printer, positionals } = context;
  const signer = signerOption(context);
  const trustedRoot = fileOption(context, 'trusted-root');
  refuseStaging(context, 'trusted-root');
  const [name, extra] = positionals;
  if (name === undefined) throw missing('FILE|sha256:HEX');
  if (extra !== undefined) throw invalid('FILE', extra, 'is a second artifact; verify one at a time');
  const artifact = await artifactArgument(context, name);
  const verdict = await verifyBundle(env, { bundle: requiredFile(context, 'bundle'), artifact, signer, ...(trustedRoot !== undefined && { trustedRoot }) });
  const exitCode = verdict.result === 'PASSED' ? EXIT.ok : EXIT.refused;
  printer.status(statusOf(verdict));
  printer.lines(verdict.checks.flatMap(checkLines));
  printer.document({ verdict, exitCode });
  return exitCode;
}

function statusOf({ result, sha256, signer }: BundleVerdict): string {
  return [result, `sha256:${sha256}`, ...(result === 'PASSED' && signer !== undefined ? [`signed by ${signerName(signer)}`] : [])].join('; ');
}

/** The file of an option that must be given. */
export function requiredFile(context: CommandContext, name: string): string {
  return fileOption(context, name) ?? raise(missing(`--${name}`));
}

/** Sigstore's staging instance has no material in the packages that nx-proof is built on: who wants it names the file that would have it. */
export function refuseStaging({ values }: CommandContext, instead: string): void {
  if (values['staging'] === true && values[instead] === undefined) throw invalid('--staging', true, `is known by name only: give --${instead} with the file of the staging instance`);
}

/** Anything that is not exactly a digest, or that there is a file of, is a file. */
async function artifactArgument({ env }: CommandContext, argument: string): Promise<ArtifactReference> {
  const file = path.resolve(env.cwd, argument);
  const [, sha256] = /^sha256:([0-9a-fA-F]{64})$/.exec(argument) ?? [];
  return sha256 === undefined || (await lstatIfExists(file)) !== undefined ? { file } : { sha256: sha256.toLowerCase() };
}

function signerOption(context: CommandContext): ExpectedSigner {
  const key = fileOption(context, 'key');
  const [identity, issuer] = [textOption(context, 'certificate-identity'), textOption(context, 'certificate-oidc-issuer')];
  if (key !== undefined) {
    if (identity !== undefined || issuer !== undefined) throw invalid('--key', String(context.values['key']), 'excludes an identity: a bundle is signed by a key or by a certificate');
    return { key };
  }
  if (identity === undefined || issuer === undefined) throw missing('--key, or --certificate-identity with --certificate-oidc-issuer');
  return { issuer, identity };
}

const missing = (option: string): ProofError => new ProofError('OPTION_INVALID', `${option} is missing`, { details: { option } });

function raise(error: ProofError): never {
  throw error;
}
