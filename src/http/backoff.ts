/** One attempt and three more: about 4 s of waiting at most, where the service names no time. */
export const MAX_ATTEMPTS = 4;
const FIRST_DELAY_MS = 500;

/** Answers that another attempt may better: request timeout, too many requests, and failures of the server. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 429 || status >= 500;
}

/** Network errors that another attempt does not better: names that do not exist, certificates that are not trusted, requests that cannot be sent. */
export function isPermanent(code: string): boolean {
  return /^(ENOTFOUND|UND_ERR_INVALID_ARG|UND_ERR_NOT_SUPPORTED|ERR_TLS_|ERR_SSL_|ERR_INVALID_|CERT_|DEPTH_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH)/.test(code);
}

/** Milliseconds before the attempt after number `attempt` (from 1): doubling, the upper half at random so that clients spread out. */
export function backoffMs(attempt: number, random: number): number {
  return FIRST_DELAY_MS * 2 ** (attempt - 1) * (0.5 + random / 2);
}

/**
 * Retry-After in milliseconds from `now` (RFC 9110 section 10.2.3: seconds or a date); undefined when there is none or it is malformed.
 */
export function retryAfterMs(value: string | undefined, now: Date): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = /^[A-Z][a-z]{2}/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}
