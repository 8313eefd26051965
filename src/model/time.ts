import { ProofError } from '../errors';

const SECONDS = /^(0|[1-9][0-9]{0,10})$/;

/**
 * The time that a proof names, RFC 3339 in UTC with whole seconds: SOURCE_DATE_EPOCH
 * (https://reproducible-builds.org/specs/source-date-epoch/) if set, else the commit's.
 * @throws ProofError OPTION_INVALID when SOURCE_DATE_EPOCH is no number of seconds
 */
export function proofTime(env: Readonly<Record<string, string | undefined>>, commitTime: Date): string {
  const epoch = env['SOURCE_DATE_EPOCH'];
  if (epoch === undefined || epoch === '') return rfc3339(commitTime);
  if (!SECONDS.test(epoch)) {
    throw new ProofError('OPTION_INVALID', `SOURCE_DATE_EPOCH is "${epoch}"; it must be a number of seconds since 1970-01-01T00:00:00Z`);
  }
  return rfc3339(new Date(Number(epoch) * 1000));
}

/** RFC 3339 in UTC, whole seconds: 2026-01-31T12:00:00Z. */
export function rfc3339(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
