import type { ProjectGraph, TargetConfiguration } from '@nx/devkit';
import { describe, expect, it } from 'vitest';
import { requestedTargets } from '../../src/nx/requested';
import { DEFAULT_NAMES } from '../../src/nx/targets';
import { watchRun, type FinishedRun, type Results } from '../../src/nx/watch';
import { graphOf } from './graph';

type Status = Results[string]['status'];

const TARGETS: Record<string, TargetConfiguration> = {
  build: { executor: 'nx:run-commands' },
  'proof-create': { executor: 'nx-proof:create' },
  'proof-sign': { executor: 'nx-proof:sign' },
  'proof-verify': { executor: 'nx-proof:verify' },
};
const graph = (targets: Record<string, TargetConfiguration> = {}): ProjectGraph => graphOf({ app: { root: 'apps/app', targets: { ...TARGETS, ...targets } }, lib: { root: 'libs/lib' } });

/** What a run of app came to, given as `target: status`. */
function resultsOf(statuses: Readonly<Record<string, Status>>, cache: readonly string[] = []): Results {
  const entries = Object.entries(statuses).map(([target, status]) => {
    const id = `app:${target}`;
    return [id, { task: { id, target: { project: 'app', target }, overrides: {}, outputs: [] as string[], cache: cache.includes(target) }, status, code: 0 }] as const;
  });
  return Object.fromEntries(entries);
}

function watch(results: Results, rest: Partial<FinishedRun> & { readonly line?: string } = {}): unknown {
  const { line = 'run app:proof-verify', ...run } = rest;
  try {
    return watchRun({ results, requested: requestedTargets(['node', 'nx', ...line.split(' ')]), names: DEFAULT_NAMES, graph: graph(), ...run });
  } catch (error) {
    return error;
  }
}

describe('watchRun', () => {
  it('when every proof task is one of nx-proof and verification ran, it says nothing', () => {
    expect(watch(resultsOf({ build: 'local-cache', 'proof-create': 'remote-cache', 'proof-sign': 'local-cache-kept-existing', 'proof-verify': 'success' }))).toBeUndefined();
  });

  it('when the package is installed under the name proof it says nothing either', () => {
    expect(watch(resultsOf({ 'proof-verify': 'success' }), { graph: graph({ 'proof-verify': { executor: 'proof:verify' } }) })).toBeUndefined();
  });

  it.each([
    ['proof-verify', 'nx:noop'],
    ['proof-sign', 'nx:noop'],
    ['proof-create', 'nx:run-commands'],
    ['proof-verify', 'nx-proof:create'],
    ['proof-verify', './tools/nx-proof:verify'],
    ['proof-verify', 'not-nx-proof:verify'],
  ])('when %s runs %s it fails the run', (target, executor) => {
    expect(watch(resultsOf({ [target]: 'success' }), { graph: graph({ [target]: { executor } }) })).toMatchObject({
      code: 'TARGET_REPLACED',
      message: `app:${target} runs ${executor} and not the executor of nx-proof`,
      details: { tasks: [`app:${target}`] },
    });
  });

  it('when a task of the run is of no target in the graph it fails the run', () => {
    expect(watch(resultsOf({ 'proof-verify': 'success' }), { graph: graphOf({}) })).toMatchObject({ code: 'TARGET_REPLACED', message: expect.stringContaining('runs nothing') as string });
  });

  it.each(['local-cache', 'local-cache-kept-existing', 'remote-cache', 'of-a-later-nx' as Status] as const)('when verification is answered by %s it fails the run', (status) => {
    expect(watch(resultsOf({ 'proof-verify': status }))).toMatchObject({ code: 'VERDICT_CACHED', message: `app:proof-verify was not run: its result came from a cache (${status})` });
  });

  it('when verification may be cached it fails the run, even if it ran', () => {
    expect(watch(resultsOf({ 'proof-verify': 'success' }, ['proof-verify']))).toMatchObject({ code: 'VERDICT_CACHED', message: expect.stringContaining('"cache": true') as string });
  });

  it('when an explicit target of another name verifies, it is held to the same', () => {
    const explicit = { graph: graph({ check: { executor: 'nx-proof:verify', cache: true } }) };
    expect(watch(resultsOf({ 'proof-sign': 'success', check: 'remote-cache' }, ['check']), explicit)).toMatchObject({ code: 'VERDICT_CACHED' });
  });

  it.each(['failure', 'skipped', 'stopped'] as const)('when verification came to %s, Nx has failed the run', (status) => {
    expect(watch(resultsOf({ 'proof-verify': status }))).toBeUndefined();
  });

  it('when several tasks are wrong the first is named, and how many there are', () => {
    const replaced = graph({ 'proof-sign': { executor: 'nx:noop' }, 'proof-verify': { executor: 'nx:noop' } });
    expect(watch(resultsOf({ 'proof-sign': 'success', 'proof-verify': 'success' }), { graph: replaced })).toMatchObject({ message: expect.stringMatching(/^app:proof-sign .*; so it is with 1 more task$/) as string });
  });

  it('when the plugin has other target names, those count', () => {
    const names = { ...DEFAULT_NAMES, verifyTargetName: 'check' };
    expect(watch(resultsOf({ check: 'success' }), { names, graph: graph({ check: { executor: 'nx:noop' } }) })).toMatchObject({ code: 'TARGET_REPLACED' });
    expect(watch(resultsOf({ 'proof-verify': 'success' }), { names, graph: graph({ 'proof-verify': { executor: 'nx:noop' } }) })).toBeUndefined();
  });
});

describe('watchRun, of a run without the tasks that were asked for', () => {
  it.each([
    ['run-many -t proof-verify', graphOf({ lib: { root: 'libs/lib' } }), 'no project of the workspace has the target proof-verify: nothing was done for it'],
    ['affected -t proof-verify', graphOf({ lib: { root: 'libs/lib' } }), 'no project of the workspace has the target proof-verify: nothing was done for it'],
    ['run-many -t proof-verify -p lib', graph(), 'no project that was asked for has the target proof-verify: nothing was done for it'],
    ['run-many -t proof-*', graphOf({}), 'no project of the workspace has the target proof-create: nothing was done for it'],
  ])('when it is "nx %s" it fails', (line, given, message) => {
    expect(watch({}, { line, graph: given })).toMatchObject({ code: 'TARGET_MISSING', message });
  });

  it('when nothing is affected there is nothing to do', () => {
    expect(watch({}, { line: 'affected -t proof-verify' })).toBeUndefined();
  });

  it('when other targets ran beside it, it fails all the same', () => {
    expect(watch(resultsOf({ build: 'success' }), { line: 'run-many -t build proof-verify' })).toMatchObject({ code: 'TARGET_MISSING' });
  });
});
