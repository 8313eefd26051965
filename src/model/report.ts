import { ERROR_CODES, type ProofError } from '../errors';
import type { Check, EnvelopeVerdict, Verdict, VerifiedSigner } from './verdict';

/** Every status line starts with it. */
export const BRAND = '[brAInwav]';

/** A status line of a project. */
export function statusLine(project: string, text: string): string {
  return `${BRAND} ${project}: ${text}`;
}

/** `signer`: who signed, and how. */
export function signedLine(project: string, statementSha256: string, signer: string): string {
  return statusLine(project, `signed the statement sha256:${statementSha256} as ${signer}`);
}

/** What could not be done, with its code and exit code, and what to do about it. `project` is undefined for what concerns no single one. */
export function errorLines(project: string | undefined, error: ProofError): string[] {
  const message = `${error.message} (${error.code}, exit ${error.exitCode})`;
  return [project === undefined ? `${BRAND} ${message}` : statusLine(project, message), `  ${error.hint}`];
}

/** A verdict: its status line, then a line for each check, and what to do about one that failed. */
export function verdictLines(verdict: Verdict): string[] {
  return [statusLine(verdict.project, summary(verdict)), ...verdict.checks.flatMap(checkLines)];
}

/** The verdict on a proof envelope by itself. */
export function envelopeVerdictLines({ proof, result, project, signer, statementSha256, checks }: EnvelopeVerdict): string[] {
  const facts = [
    result === 'UNSIGNED' ? 'NOT SIGNED; nobody vouches for it, but the files are as it says' : result,
    ...(project === undefined ? [] : [`project ${project}`]),
    ...(signer === undefined ? [] : [`signed by ${signerName(signer)}`]),
    ...(statementSha256 === undefined ? [] : [`statement sha256:${statementSha256}`]),
  ];
  return [statusLine(proof, facts.join('; ')), ...checks.flatMap(checkLines)];
}

function summary({ result, subjects, signer, statementSha256 }: Verdict): string {
  const facts = [
    result,
    ...(subjects === undefined ? [] : [`${count(subjects.files, 'file')}, ${formatBytes(subjects.bytes)}`]),
    ...(signer === undefined ? [] : [`signed by ${signerName(signer)}`]),
    ...(statementSha256 === undefined ? [] : [`statement sha256:${statementSha256}`]),
  ];
  return facts.join('; ');
}

export function checkLines({ status, name, message, code }: Check): string[] {
  const line = `  ${status.padEnd(9)} ${name.padEnd(12)} ${message}`;
  if (code === undefined) return [line];
  const { exit, hint } = ERROR_CODES[code];
  return [`${line} (${code}, exit ${exit})`, `${' '.repeat(25)}${hint}`];
}

export function signerName(signer: VerifiedSigner): string {
  return signer.kind === 'key' ? `key ${signer.fingerprint}` : `${signer.identity} (${signer.issuer})`;
}

/** `1 file`, `2 files`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Decimal units, three digits at most: `512 B`, `1.23 MB`, `48 GB`. */
export function formatBytes(bytes: number): string {
  const rounded = (power: number): number => Number((bytes / 1000 ** power).toPrecision(3));
  const power = UNITS.findIndex((_, index) => rounded(index) < 1000);
  const last = UNITS.length - 1;
  return power === -1 ? `${rounded(last)} ${UNITS[last]}` : `${rounded(power)} ${UNITS[power]}`;
}
