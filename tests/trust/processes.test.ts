import { createHash } from 'node:crypto';
import { writeFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TRUST_FOLDER, verifyAudit } from '../../src/trust';
import { bundleProgram, printed, startProgram, type Run } from '../support/processes/run';
import { TrustSite } from '../support/tuf/site';

const COLD = ['1.snapshot.json', '1.targets.json', '2.root.json', expect.stringMatching(/^targets\//), 'timestamp.json'];

let program: { file: string; remove: () => Promise<void> };
let site: TrustSite;
let rootFile: string;
const runs: Run[] = [];

beforeAll(async () => {
  program = await bundleProgram(path.join(import.meta.dirname, '../support/processes/trust-load.ts'));
});
afterAll(() => program.remove());
beforeEach(async () => {
  site = await TrustSite.open();
  rootFile = path.join(site.home, 'root.json');
  await writeFile(rootFile, site.repository.anchor);
});
afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.child.kill('SIGKILL');
    await run.ended;
  }
  await site.close();
});

const start = (hours = 0): Run => {
  const run = startProgram(program.file, [site.workspace, site.mirror.url, rootFile, String(hours)], { ...process.env, XDG_CONFIG_HOME: site.home, APPDATA: site.home });
  runs.push(run);
  return run;
};
const results = (all: readonly Run[]) => Promise.all(all.map(async ({ ended }) => {
  const { code, stdout, stderr } = await ended;
  return { code, stderr, ...(code === 0 ? (JSON.parse(stdout.split('\n').find((line) => line.startsWith('{'))!) as object) : {}) };
}));
const sha256 = (): string => createHash('sha256').update(site.repository.targets.get('trusted_root.json')!).digest('hex');

describe('many processes', () => {
  it('starting cold at once make one set of requests, and all get the trust root; warm ones make none', async () => {
    const cold = await results(Array.from({ length: 50 }, () => start()));
    expect(cold).toEqual(Array.from({ length: 50 }, () => ({ code: 0, stderr: '', sha256: sha256(), state: 'fresh', warnings: [] })));
    expect(site.mirror.asked().sort()).toEqual(COLD);
    const warm = await results(Array.from({ length: 4 }, () => start()));
    expect(warm).toEqual(cold.slice(0, 4));
    expect(site.mirror.asked()).toEqual([]);
    const folder = path.join(site.workspace, TRUST_FOLDER);
    expect(await verifyAudit(folder)).toMatchObject({ result: 'intact', startsAt: 'beginning' });
    expect((await readdir(folder)).sort()).toEqual([`${site.source.id}.entry`, 'audit.jsonl'].sort());
  });

  it('with a stale entry ask for one refresh among them, and wait for nothing', async () => {
    await site.load();
    await site.cut();
    const stale = Array.from({ length: 6 }, () => start(30));
    expect(await results(stale)).toEqual(Array.from({ length: 6 }, () => ({ code: 0, stderr: '', sha256: sha256(), state: 'stale', warnings: [] })));
    expect(stale.filter((run) => run.stdout().includes('later'))).toHaveLength(1);
  });

  it('go on when the one that refreshes is killed', async () => {
    site.mirror.fault = 'hang';
    const first = start();
    while (site.mirror.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const waiting = [start(), start()];
    for (const run of waiting) await printed(run, 'started');
    site.mirror.fault = undefined;
    first.child.kill('SIGKILL');
    await first.ended;
    expect(await results(waiting)).toMatchObject([{ code: 0, state: 'fresh' }, { code: 0, state: 'fresh' }]);
    expect((await readdir(path.join(site.workspace, TRUST_FOLDER))).sort()).toEqual([`${site.source.id}.entry`, 'audit.jsonl'].sort());
  });

  it('beyond the limit and without a network say so', async () => {
    await site.load();
    await site.cut();
    expect(await results([start(169)])).toMatchObject([{ code: 1, stderr: expect.stringContaining('TRUST_EXPIRED') }]);
  });
});
