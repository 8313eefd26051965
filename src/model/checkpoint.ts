/** What a log says of itself at some time; the signatures are not verified. */
export interface Checkpoint {
  /** Leaves in the log, in decimal. */
  readonly size: string;
  readonly root: Buffer;
  /** The first four bytes of the ids of the keys that signed, with the names of their owners. */
  readonly signers: readonly { readonly name: string; readonly keyHint: Buffer }[];
}

const MAX_CHARACTERS = 16_384;
const MAX_SIGNATURES = 32;
/** Verifiers take the name as a regular expression: one with operators could stall them, or match every log. */
const SIGNATURE = /^\u2014 ([A-Za-z0-9][A-Za-z0-9._:/-]{0,254}) ([A-Za-z0-9+/]+={0,2})$/;

/**
 * Reads a checkpoint (https://c2sp.org/tlog-checkpoint) in the one way in which it is written. undefined for anything else.
 */
export function readCheckpoint(envelope: string): Checkpoint | undefined {
  if (envelope.length > MAX_CHARACTERS || !envelope.endsWith('\n')) return undefined;
  const [note, signatures, ...more] = envelope.slice(0, -1).split('\n\n');
  if (note === undefined || signatures === undefined || more.length > 0) return undefined;
  const [origin = '', size = '', root = ''] = note.split('\n');
  const hash = fromBase64(root);
  const signers = signatures.split('\n').map(readSignature);
  if (origin === '' || !/^[1-9]\d{0,15}$/.test(size) || hash?.length !== 32) return undefined;
  if (signers.length > MAX_SIGNATURES || !signers.every((signer) => signer !== undefined)) return undefined;
  return { size, root: hash, signers };
}

function readSignature(line: string): Checkpoint['signers'][number] | undefined {
  const [, name = '', text = ''] = SIGNATURE.exec(line) ?? [];
  const bytes = fromBase64(text);
  return bytes === undefined || bytes.length < 5 ? undefined : { name, keyHint: bytes.subarray(0, 4) };
}

function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
