import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** Where Linux shows control groups. */
const CGROUPS = '/sys/fs/cgroup';
const MEMBERSHIP = '/proc/self/cgroup';

/**
 * The processors that this process may use: those it can be scheduled on, and no more than the CPU quota of its control groups, which
 * Node.js before 22 does not know of. A whole number from 1.
 */
export async function usableCpus(available: number = os.availableParallelism(), membership = MEMBERSHIP, cgroups = CGROUPS): Promise<number> {
  const quotas = await Promise.all((await groupsOf(membership, cgroups)).map(quotaOf));
  return Math.max(1, Math.floor(Math.min(available, ...quotas)));
}

/** The folders of this process's control groups and of those around them: a quota of any of them holds. */
async function groupsOf(membership: string, cgroups: string): Promise<string[]> {
  const lines = (await textOf(membership)).split('\n');
  return lines.flatMap((line) => {
    const [, controllers, group] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || group === undefined) return [];
    // Version 2 has one hierarchy; version 1 one for each set of controllers, mounted under its name.
    if (controllers !== '' && !controllers.split(',').includes('cpu')) return [];
    const mount = path.posix.join(cgroups, controllers);
    const names = group.split('/').filter((name) => name !== '');
    return [mount, ...names.map((_, index) => path.posix.join(mount, ...names.slice(0, index + 1)))];
  });
}

/** CPUs that a group may use, Infinity where nothing limits it. */
async function quotaOf(folder: string): Promise<number> {
  const [v2, quota, period] = await Promise.all(['cpu.max', 'cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) => textOf(path.posix.join(folder, name))));
  const [most = '', each = ''] = (v2 ?? '').trim() === '' ? [(quota ?? '').trim(), (period ?? '').trim()] : (v2 ?? '').trim().split(' ');
  const cpus = Number.parseInt(most, 10) / Number.parseInt(each, 10);
  return cpus > 0 ? cpus : Infinity;
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}
