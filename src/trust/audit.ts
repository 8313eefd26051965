import { createReadStream } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { isSystemError } from '../errors';
import type { TrustEvent } from '../events';
import { lstatIfExists } from '../files';
import { withLock } from '../lock';
import { sha256Hex } from '../model/digest';
import { canonicalJson } from '../model/json';

/** One line of the audit log: what happened, when, and the sha256 of the line before (64 zeros in the first). */
export interface AuditLine extends TrustEvent {
  readonly time: string;
  readonly previous: string;
}

/** The outcome of verifying the log. `head` is the sha256 of the last line: kept elsewhere, it shows whether lines were cut off the end. */
export type AuditVerdict =
  | { readonly result: 'intact'; readonly lines: number; readonly head: string; readonly startsAt: 'beginning' | 'rotation' }
  | { readonly result: 'broken'; readonly file: string; readonly line: number; readonly reason: string };

const FILE = 'audit.jsonl';
/** What the log was before it grew too large; older lines are gone. */
const OLDER_FILE = 'audit.1.jsonl';
const NOTHING = '0'.repeat(64);
const MAX_LINE_BYTES = 64 * 1024;
const LOCK_WAIT_MS = 5000;
const ROTATE_AT = 8 * 1024 * 1024;

export interface AuditOptions {
  readonly now: Date;
  readonly signal: AbortSignal;
  /** From this size on a new file is begun, in bytes; 8 MiB unless set. */
  readonly rotateAt?: number;
}

/** Appends a line, under a lock of its own: who only reads the cache does not wait for who refreshes it. */
export async function appendAudit(folder: string, event: TrustEvent, options: AuditOptions): Promise<void> {
  const [file, older] = [path.join(folder, FILE), path.join(folder, OLDER_FILE)];
  await withLock(path.join(folder, 'audit.lock'), { waitMs: LOCK_WAIT_MS, signal: options.signal }, async () => {
    const size = (await lstatIfExists(file))?.size ?? 0;
    if (size >= (options.rotateAt ?? ROTATE_AT)) await rename(file, older);
    const handle = await open(file, 'a+', 0o600);
    try {
      const previous = (await lastHash(handle)) ?? (await lastHashOf(older)) ?? NOTHING;
      const line: AuditLine = { ...event, time: options.now.toISOString(), previous };
      await handle.appendFile(`${canonicalJson(line)}\n`);
    } finally {
      await handle.close();
    }
  });
}

async function lastHashOf(file: string): Promise<string | undefined> {
  if ((await lstatIfExists(file)) === undefined) return undefined;
  const handle = await open(file, 'r+');
  try {
    return await lastHash(handle);
  } finally {
    await handle.close();
  }
}

/** The sha256 of the last whole line, if there is one. Half a line, of a process killed while it wrote, is cut off. */
async function lastHash(handle: FileHandle): Promise<string | undefined> {
  const { size } = await handle.stat();
  const length = Math.min(size, MAX_LINE_BYTES);
  const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
  const end = buffer.lastIndexOf(0x0a);
  if (end + 1 < length) await handle.truncate(size - length + end + 1);
  return end < 0 ? undefined : sha256Hex(buffer.subarray(buffer.subarray(0, end).lastIndexOf(0x0a) + 1, end));
}

/** Follows the chain of hashes from the first line to the last. */
export async function verifyAudit(folder: string): Promise<AuditVerdict> {
  let [lines, head]: [number, string | undefined] = [0, undefined];
  let startsAt: 'beginning' | 'rotation' = 'beginning';
  for (const name of [OLDER_FILE, FILE]) {
    let number = 0;
    for await (const text of linesOf(path.join(folder, name))) {
      number += 1;
      const line = parseLine(text);
      if (line === undefined) return { result: 'broken', file: name, line: number, reason: 'it is not a line that nx-proof wrote' };
      // The lines before those of the older file were given up when it was begun.
      if (head === undefined && name === OLDER_FILE && line.previous !== NOTHING) startsAt = 'rotation';
      else if (line.previous !== (head ?? NOTHING)) return { result: 'broken', file: name, line: number, reason: 'the line before it was changed, added or removed' };
      head = sha256Hex(text);
      lines += 1;
    }
  }
  return { result: 'intact', lines, head: head ?? NOTHING, startsAt };
}

/** The lines of the log, oldest first; what is no line of nx-proof is left out. */
export async function* readAudit(folder: string): AsyncGenerator<AuditLine> {
  for (const name of [OLDER_FILE, FILE]) {
    for await (const text of linesOf(path.join(folder, name))) {
      const line = parseLine(text);
      if (line !== undefined) yield line;
    }
  }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const stream = createReadStream(file, 'utf8');
  try {
    yield* createInterface({ input: stream, crlfDelay: Infinity });
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'ENOENT') throw error;
  } finally {
    stream.destroy();
  }
}

function parseLine(text: string): AuditLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<AuditLine>;
    const isLine = [line.time, line.previous, line.action, line.origin, line.correlation].every((field) => typeof field === 'string');
    // Only the very bytes that were written have the hash that the next line names.
    return isLine && canonicalJson(line) === text ? (line as AuditLine) : undefined;
  } catch {
    return undefined;
  }
}
