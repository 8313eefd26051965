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

/**
 * True when an object in the JSON repeats a member. JSON.parse keeps the last one, other readers the first (RFC 8259 section 4), so that such a
 * document can mean two things. `value` is what the bytes parse to: every member has one colon outside of strings, so a value with fewer
 * members than that has lost some.
 */
export function repeatsMembers(json: Uint8Array, value: unknown): boolean {
  return countColons(json) !== countMembers(value);
}

/** Colons outside of strings. UTF-8 holds the bytes of ", : and \ nowhere but in these characters. */
function countColons(json: Uint8Array): number {
  let colons = 0;
  let inString = false;
  for (let i = 0; i < json.length; i += 1) {
    const byte = json[i];
    if (inString && byte === 0x5c) i += 1;
    else if (byte === 0x22) inString = !inString;
    else if (!inString && byte === 0x3a) colons += 1;
  }
  return colons;
}

/** Members of all objects; a loop, since hostile documents nest deeper than the stack. */
function countMembers(value: unknown): number {
  const pending: unknown[] = [value];
  let members = 0;
  while (pending.length > 0) {
    const next = pending.pop();
    if (typeof next !== 'object' || next === null) continue;
    const children = Object.values(next) as unknown[];
    if (!Array.isArray(next)) members += children.length;
    for (const child of children) pending.push(child);
  }
  return members;
}
