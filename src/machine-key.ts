import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { mkdir, open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { geteuid } from 'node:process';
import type { Env } from './env';
import { ProofError, isSystemError } from './errors';
import { createFileAtomic, toWorkspacePath } from './files';
import { userFolder } from './user-folder';

/** What the key is used for: each purpose has a key of its own (HKDF, RFC 5869), so that a MAC made for one is worth nothing for another. */
export type MacPurpose = 'trust-entry' | 'memo' | 'receipt';

/** A secret of this user on this machine: what carries its MAC was written here, by nx-proof. */
export interface MachineKey {
  /** HMAC-SHA256, in lowercase hex. */
  mac(purpose: MacPurpose, data: Uint8Array): string;
  verify(purpose: MacPurpose, data: Uint8Array, mac: string): boolean;
}

const FILE = 'machine.key';
const KEY_BYTES = 32;
const CONTENT = /^([0-9a-f]{64})\n$/;

/**
 * The machine key, made at its first use. Undefined when none can be kept, because the user's folder cannot be written: then nothing
 * carries a valid MAC. Undefined also when that folder lies in the workspace, say by XDG_CONFIG_HOME in a .env file: what the workspace holds must not
 * vouch for what the workspace holds.
 * @throws ProofError KEY_PERMISSIONS, KEY_INVALID
 */
export async function openMachineKey(env: Env, workspaceRoot: string): Promise<MachineKey | undefined> {
  const folder = userFolder(env.env);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    if (toWorkspacePath(await realpath(workspaceRoot), await realpath(folder)) !== undefined) return undefined;
    const file = path.join(folder, FILE);
    return machineKey((await readKey(file)) ?? (await makeKey(file)));
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}

async function makeKey(file: string): Promise<Buffer> {
  try {
    await createFileAtomic(file, `${randomBytes(KEY_BYTES).toString('hex')}\n`, { mode: 0o600 });
  } catch (error) {
    // Another process made it at the same time.
    if (!isSystemError(error) || error.code !== 'EEXIST') throw error;
  }
  const key = await readKey(file);
  if (key === undefined) throw new ProofError('KEY_INVALID', `${file} vanished while it was made`, { details: { file } });
  return key;
}

async function readKey(file: string): Promise<Buffer | undefined> {
  try {
    const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      requirePrivate(file, await handle.stat());
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(128), 0, 128, 0);
      return parseKey(file, buffer.toString('latin1', 0, bytesRead));
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whoever can read the key can forge what it vouches for. Not on Windows, where the folders of a user are private. */
function requirePrivate(file: string, stats: Stats): void {
  if (path.sep !== '/') return;
  const mode = (stats.mode & 0o777).toString(8);
  if ((stats.mode & 0o077) !== 0) throw new ProofError('KEY_PERMISSIONS', `${file} has the mode ${mode}: others can read or change the machine key`, { details: { file, mode } });
  if (stats.uid !== geteuid?.()) throw new ProofError('KEY_PERMISSIONS', `${file} belongs to another user (${stats.uid}), who knows the machine key`, { details: { file, uid: stats.uid } });
}

function parseKey(file: string, content: string): Buffer {
  const hex = CONTENT.exec(content)?.[1];
  if (hex === undefined) throw new ProofError('KEY_INVALID', `${file} is not a machine key; remove it, and a new one is made`, { details: { file } });
  return Buffer.from(hex, 'hex');
}

function machineKey(secret: Buffer): MachineKey {
  const mac = (purpose: MacPurpose, data: Uint8Array): string => {
    const key = hkdfSync('sha256', secret, Buffer.alloc(0), `nx-proof/${purpose}/v1`, KEY_BYTES);
    return createHmac('sha256', Buffer.from(key)).update(data).digest('hex');
  };
  return {
    mac,
    verify: (purpose, data, given) => {
      const [expected, actual] = [Buffer.from(mac(purpose, data)), Buffer.from(given)];
      return expected.length === actual.length && timingSafeEqual(expected, actual);
    },
  };
}
