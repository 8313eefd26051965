import canonicalize from 'canonicalize';
import { ProofError, type ErrorCode } from '../errors';

/** RFC 8785 bytes of a value. Throws a TypeError for what JSON cannot express. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('the value cannot be expressed in JSON');
  return text;
}

/** A document as nx-proof writes it: RFC 8785 bytes and one newline. */
export function jsonDocument(value: unknown): string {
  return `${canonicalJson(value)}\n`;
}

/** Parses UTF-8 JSON; bytes that are not UTF-8 and a byte order mark are refused with `code`. */
export function parseJson(bytes: Uint8Array, what: string, code: ErrorCode = 'JSON_INVALID'): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)) as unknown;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ProofError(code, `${what} is not JSON: ${reason}`, { cause: error, details: { what } });
  }
}
