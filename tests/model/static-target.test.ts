import { describe, expect, it } from 'vitest';
import { staticTarget, type TargetSources } from '../../src/model/static-target';

const sources = (part: Partial<TargetSources>): TargetSources => ({ targetDefaults: {}, packageJson: {}, projectJson: {}, inferring: false, ...part });
const outputs = (part: Partial<TargetSources>) => staticTarget('build', sources(part))?.outputs;
const build = (target: object) => ({ targets: { build: target } });
const OUT = ['{projectRoot}/dist'];

describe('staticTarget', () => {
  it('is undefined for a target that no file states', () => {
    expect(staticTarget('build', sources({ targetDefaults: { build: { outputs: OUT } } }))).toBeUndefined();
    expect(staticTarget('constructor', sources({ projectJson: { targets: {} }, packageJson: { scripts: {} } }))).toBeUndefined();
  });

  it('takes the outputs of project.json over those of package.json over the defaults', () => {
    const targetDefaults = { build: { outputs: ['c'] } };
    const packageJson = { scripts: { build: 'tsc' }, nx: build({ outputs: ['b'] }) };
    expect(outputs({ targetDefaults, packageJson, projectJson: build({ outputs: ['a'] }) })).toEqual(['a']);
    expect(outputs({ targetDefaults, packageJson })).toEqual(['b']);
    expect(outputs({ targetDefaults, packageJson: { scripts: { build: 'tsc' } } })).toEqual(['c']);
  });

  it('counts a script as a target unless includedScripts leaves it out', () => {
    const targetDefaults = { build: { outputs: OUT } };
    expect(outputs({ targetDefaults, packageJson: { scripts: { build: 'tsc' }, nx: { includedScripts: ['build'] } } })).toEqual(OUT);
    expect(outputs({ targetDefaults, packageJson: { scripts: { build: 'tsc' }, nx: { includedScripts: [] } } })).toBeUndefined();
  });

  it('replaces instead of merging when the layers run different things', () => {
    expect(outputs({ packageJson: { nx: build({ executor: 'a:b', outputs: OUT }) }, projectJson: build({ executor: 'c:d' }) })).toBeUndefined();
    expect(outputs({ packageJson: { nx: build({ command: 'a', outputs: OUT }) }, projectJson: build({ command: 'b' }) })).toBeUndefined();
    expect(outputs({ packageJson: { nx: build({ command: 'a', outputs: OUT }) }, projectJson: build({ command: 'a' }) })).toEqual(OUT);
    expect(outputs({ targetDefaults: { build: { executor: 'a:b', outputs: OUT } }, projectJson: build({ command: 'b' }) })).toBeUndefined();
  });

  it('looks up defaults by executor, then name, then the longest glob', () => {
    const targetDefaults = { 'x:y': { outputs: ['executor'] }, build: { outputs: ['name'] }, 'b*': { outputs: ['glob'] }, 'bui*': { outputs: ['longer'] } };
    expect(outputs({ targetDefaults, projectJson: build({ executor: 'x:y' }) })).toEqual(['executor']);
    expect(outputs({ targetDefaults, projectJson: build({ executor: 'x:z' }) })).toEqual(['name']);
    const { build: _, ...globs } = targetDefaults;
    expect(outputs({ targetDefaults: globs, projectJson: build({ executor: 'x:z' }) })).toEqual(['longer']);
    expect(outputs({ targetDefaults: { test: { outputs: OUT } }, projectJson: build({ executor: 'x:z' }) })).toBeUndefined();
    expect(outputs({ targetDefaults: { build: null }, projectJson: build({ executor: 'x:z' }) })).toBeUndefined();
  });

  it('merges the entries of a list of defaults, and leaves those with a filter to Nx', () => {
    const projectJson = build({ executor: 'x:y' });
    expect(outputs({ projectJson, targetDefaults: { build: [{ outputs: ['a'] }, { outputs: OUT }] } })).toEqual(OUT);
    expect(outputs({ projectJson, targetDefaults: { build: [{ outputs: ['a'] }, { filter: { projects: ['*'] }, outputs: OUT }] } })).toBeUndefined();
    expect(outputs({ projectJson: build({ outputs: OUT }), targetDefaults: { build: [{ filter: {}, outputs: ['a'] }] } })).toEqual(OUT);
  });

  it('merges options key by key', () => {
    const merged = staticTarget('build', sources({ targetDefaults: { build: { options: { a: 1, b: 1 }, outputs: ['{options.a}'] } }, projectJson: build({ executor: 'x:y', options: { b: 2 }, configurations: { p: {} } }) }));
    expect(merged).toEqual({ executor: 'x:y', outputs: ['{options.a}'], options: { a: 1, b: 2 }, configurations: { p: {} } });
  });

  it.each([
    ['a spread in the outputs', build({ outputs: ['...', 'x'] }), {}],
    ['a spread key', build({ '...': true, executor: 'x:y' }), {}],
    ['a spread in the defaults', build({ executor: 'x:y' }), { build: { outputs: ['...'] } }],
    ['an option that holds a token itself', build({ outputs: ['{options.out}'], options: { out: '{projectRoot}/x' } }), {}],
  ])('leaves to Nx: %s', (_, projectJson, targetDefaults) => {
    expect(staticTarget('build', sources({ projectJson, targetDefaults }))).toBeUndefined();
  });

  describe('when plugins may add to it', () => {
    const inferring = true;
    it('takes outputs that a file of the project states outright', () => {
      expect(outputs({ inferring, projectJson: build({ outputs: OUT }) })).toEqual(OUT);
    });
    it('takes the defaults for an executor that is stated', () => {
      expect(outputs({ inferring, projectJson: build({ executor: 'x:y' }), targetDefaults: { 'x:y': { outputs: OUT } } })).toEqual(OUT);
    });
    it('is undefined when outputs, executor or options could come from a plugin', () => {
      expect(outputs({ inferring, projectJson: build({ executor: 'x:y' }) })).toBeUndefined();
      expect(outputs({ inferring, projectJson: build({}), targetDefaults: { build: { outputs: OUT } } })).toBeUndefined();
      expect(outputs({ inferring, projectJson: build({ executor: 'x:y', outputs: ['{options.out}'], options: { out: 'x' } }) })).toBeUndefined();
    });
  });
});
