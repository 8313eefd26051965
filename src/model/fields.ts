import { ProofError, type ErrorCode } from '../errors';

type Fields = Readonly<Record<string, unknown>>;

/** A JSON object; `field` is its JSON Pointer (RFC 6901), for messages. */
export interface ObjectField {
  readonly field: string;
  readonly value: Fields;
}

/** The codes that a strict reader raises: for a document of another kind, and for one that could be read in two ways. */
export interface StrictCodes {
  readonly what: string;
  readonly invalid: ErrorCode;
  readonly ambiguous: ErrorCode;
}

/** Reads members of JSON objects strictly: types are checked, unknown members and sloppy encodings refused. */
export function strictFields({ what, invalid, ambiguous }: StrictCodes) {
  const refuse = (code: ErrorCode, field: string, message: string): never => {
    throw new ProofError(code, `${what}: ${field === '' ? '/' : field} ${message}`, { details: { what, field: field === '' ? '/' : field } });
  };

  /** An object that has no members but those of `known`. */
  const object = (value: unknown, field: string, known: readonly string[]): ObjectField => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(invalid, field, 'must be an object');
    const unknown = Object.keys(value).find((name) => !known.includes(name));
    if (unknown !== undefined) refuse(ambiguous, field, `has the unknown field ${JSON.stringify(unknown)}`);
    return { field, value: value as Fields };
  };

  const member = (parent: ObjectField, name: string, known: readonly string[]): ObjectField => object(parent.value[name], `${parent.field}/${name}`, known);

  const text = ({ field, value }: ObjectField, name: string): string => {
    const found = value[name];
    return typeof found === 'string' ? found : refuse(invalid, `${field}/${name}`, 'must be a string');
  };

  /** Elements of an array; none when the member is absent. */
  const list = ({ field, value }: ObjectField, name: string): readonly unknown[] => {
    const found = value[name];
    if (found === undefined) return [];
    return Array.isArray(found) ? (found as unknown[]) : refuse(invalid, `${field}/${name}`, 'must be an array');
  };

  /**
   * Bytes in base64 as RFC 4648 section 4 writes them: standard alphabet, padded, no other characters, unused bits zero. Node decodes much
   * else to the same bytes, so that one signature would fit many documents.
   */
  const base64 = (parent: ObjectField, name: string): Buffer => {
    const encoded = text(parent, name);
    const bytes = Buffer.from(encoded, 'base64');
    if (bytes.length === 0 && encoded === '') refuse(invalid, `${parent.field}/${name}`, 'is empty');
    if (bytes.toString('base64') !== encoded) refuse(ambiguous, `${parent.field}/${name}`, 'is not canonical base64 (RFC 4648 section 4)');
    return bytes;
  };

  return { refuse, object, member, text, list, base64 };
}
