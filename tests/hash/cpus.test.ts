import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { usableCpus } from '../../src/hash/cpus';
import { workspaceOf } from './workspace';

/** The processors by control groups that look like this. */
const usable = (available: number, membership: string, files: Record<string, string> = {}): Promise<number> => {
  const root = workspaceOf({ ...files, membership });
  return usableCpus(available, path.join(root, 'membership'), root);
};

describe('usableCpus', () => {
  it('when nothing limits them, all are usable', async () => {
    expect(await usable(8, '0::/\n', { 'cpu.max': 'max 100000\n' })).toBe(8);
    expect(await usable(8, '')).toBe(8);
    expect(await usableCpus(3, '/nowhere', '/nowhere')).toBe(3);
    expect(await usableCpus()).toBeGreaterThan(0);
  });

  it.each([
    ['100000 100000', 1],
    ['150000 100000', 1],
    ['400000 100000', 4],
    ['20000 100000', 1],
    ['1600000 100000', 8],
    ['garbage', 8],
  ])('when the quota is "%s", there are %d of 8', async (quota, cpus) => {
    expect(await usable(8, '0::/job\n', { 'job/cpu.max': quota })).toBe(cpus);
  });

  it('when a group around that of the process has a quota, it holds', async () => {
    expect(await usable(8, '0::/slice/job\n', { 'cpu.max': 'max 100000', 'slice/cpu.max': '200000 100000', 'slice/job/cpu.max': 'max 100000' })).toBe(2);
  });

  it('when the groups are of version 1, their quota holds', async () => {
    const membership = '5:memory:/x\n4:cpu,cpuacct:/job\n';
    expect(await usable(8, membership, { 'cpu,cpuacct/job/cpu.cfs_quota_us': '300000\n', 'cpu,cpuacct/job/cpu.cfs_period_us': '100000\n' })).toBe(3);
    expect(await usable(8, membership, { 'cpu,cpuacct/job/cpu.cfs_quota_us': '-1\n', 'cpu,cpuacct/job/cpu.cfs_period_us': '100000\n' })).toBe(8);
  });
});
