import { readFile, readlink } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { kill, pid } from 'node:process';
import { isSystemError } from './errors';

/**
 * Who holds a lock: enough to tell whether that process still runs, also after its number went to another process. What the platform
 * does not tell is an empty string (everything but pid and host outside of Linux).
 */
export interface Owner {
  readonly pid: number;
  /** When the process started, in clock ticks since boot. */
  readonly start: string;
  /** Identifies the run of the kernel: another one after a restart of the machine. */
  readonly boot: string;
  /** The namespace in which the pid counts: containers have their own. */
  readonly space: string;
  /** A digest of the host's name. */
  readonly host: string;
}

/** unknown: a process of another machine or container, of which nothing can be seen from here. */
export type Liveness = 'alive' | 'dead' | 'unknown';

let own: Promise<Owner> | undefined;

/** This process. */
export function thisProcess(): Promise<Owner> {
  return (own ??= describeThisProcess());
}

async function describeThisProcess(): Promise<Owner> {
  const [stat, boot, space] = await Promise.all([processStat(pid), quiet(readFile('/proc/sys/kernel/random/boot_id', 'utf8')), quiet(readlink('/proc/self/ns/pid'))]);
  return { pid, start: stat?.start ?? '', boot: boot.trim(), space, host: createHash('sha256').update(hostname()).digest('hex').slice(0, 16) };
}

/** Whether the process runs, as far as `self` can see. In doubt it does. */
export async function liveness(owner: Owner, self: Owner): Promise<Liveness> {
  if (owner.host !== self.host) return 'unknown';
  if (owner.boot !== self.boot) return 'dead';
  if (owner.space !== self.space) return 'unknown';
  if (!exists(owner.pid)) return 'dead';
  const stat = await processStat(owner.pid);
  if (stat === undefined || owner.start === '') return 'alive';
  return stat.start === owner.start && !stat.ended ? 'alive' : 'dead';
}

function exists(id: number): boolean {
  try {
    kill(id, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and another user's.
    return !(isSystemError(error) && error.code === 'ESRCH');
  }
}

/** Start time and state from /proc/PID/stat (proc_pid_stat(5)); undefined where there is no such file. */
async function processStat(id: number): Promise<{ start: string; ended: boolean } | undefined> {
  const text = await quiet(readFile(`/proc/${id}/stat`, 'utf8'));
  // The second field, the command in parentheses, may hold spaces and parentheses.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  if (state === undefined || start === undefined) return undefined;
  // A zombie was killed, and its parent has not looked yet.
  return { start, ended: state === 'Z' || state === 'X' };
}

const quiet = (read: Promise<string>): Promise<string> => read.catch(() => '');
