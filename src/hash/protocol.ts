import { isProofError, ProofError, toProofError, type ErrorCode, type ErrorDetails } from '../errors';
import type { HashedFile, HashOptions } from './hasher';

/** What a worker is told: the paths, joined by NUL, are to be hashed in this order. */
export interface Order extends Pick<HashOptions, 'sha512' | 'state'> {
  readonly id: number;
  readonly root: string;
  readonly paths: string;
  /** One number, shared: anything but 0 ends the work. */
  readonly stop: Int32Array;
}

/** What a worker tells: first that it is there, then an answer to each order. */
export type Message = 'ready' | Answer;

export interface Answer {
  readonly id: number;
  /** Of the first files of the order, in its order: of all of them, unless one failed or those were a lot of data. */
  readonly digests: readonly HashedFile[];
  /** Why the file after them could not be hashed. */
  readonly failure?: Failure;
}

/** A ProofError as it passes between threads, which errors do without their codes. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly cause?: { readonly message: string; readonly code: string };
}

/** A worker that has read so many bytes for one order leaves the rest of it to whoever is free. */
export const BYTES_PER_ORDER = 8 * 1024 * 1024;
/** A worker reads into one buffer of this size. */
export const WORKER_BUFFER_BYTES = 64 * 1024;

export function toFailure(thrown: unknown): Failure {
  const { code, message, details, cause } = toProofError(thrown);
  const known = cause instanceof Error && 'code' in cause ? { cause: { message: cause.message, code: String(cause.code) } } : {};
  return { code, message, details, ...known };
}

export function fromFailure({ code, message, details, cause }: Failure): ProofError {
  const error = cause === undefined ? undefined : Object.assign(new Error(cause.message), { code: cause.code });
  return new ProofError(code, message, { cause: error, details });
}

export const isAborted = (error: unknown): boolean => isProofError(error) && error.code === 'ABORTED';
