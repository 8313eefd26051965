import type { TaskGraph } from '@nx/devkit';
import { describe, expect, it } from 'vitest';
import { projectOf, resolveBuild, toWorkspace, type NxContext } from '../../src/nx/context';
import { graphOf } from './graph';

const task = (project: string, target: string, configuration?: string): TaskGraph =>
  ({ roots: [], dependencies: {}, continuousDependencies: {}, tasks: { x: { id: 'x', target: { project, target, ...(configuration === undefined ? {} : { configuration }) }, overrides: {}, outputs: [], parallelism: true, cache: true } } });

const projectGraph = graphOf({
  app: {
    root: 'apps/app',
    tags: ['web'],
    dependencies: ['lib', 'npm:react', 'lib'],
    targets: {
      build: { outputs: ['{projectRoot}/{options.dir}'], options: { dir: 'dist' }, configurations: { production: { dir: 'prod' } } },
      bundle: { outputs: ['{projectRoot}/out'], defaultConfiguration: 'production', configurations: { production: {} } },
      bare: {},
    },
  },
  lib: { root: 'libs/lib', targets: { prove: { executor: 'proof:create', options: { artifacts: ['lib.tgz'] } } } },
});
const context = (taskGraph?: TaskGraph): NxContext => ({ root: '/w', projectGraph, ...(taskGraph === undefined ? {} : { taskGraph }) });

describe('toWorkspace', () => {
  it('when Nx has a project graph it is the workspace', () => {
    const { root, projects } = toWorkspace(context());
    expect(root).toBe('/w');
    expect([...projects.values()]).toEqual([
      { name: 'app', root: 'apps/app', tags: ['web'], artifacts: ['{projectRoot}/dist'], dependencies: ['lib'] },
      { name: 'lib', root: 'libs/lib', tags: [], artifacts: ['lib.tgz'], dependencies: [] },
    ]);
  });
});

describe('toWorkspace in a run that builds', () => {
  const artifacts = (target: string, configuration: string | undefined, name = 'app'): readonly string[] | undefined => toWorkspace(context(task(name, target, configuration))).projects.get(name)?.artifacts;

  it('when the build has a configuration the outputs are those of it', () => {
    expect(artifacts('build', 'production')).toEqual(['{projectRoot}/prod']);
  });

  it('when another target has one, the artifacts are stated, or nothing is known of it, they stay', () => {
    expect(artifacts('bundle', 'production')).toEqual(['{projectRoot}/dist']);
    expect(artifacts('none', 'production')).toEqual(['{projectRoot}/dist']);
    expect(artifacts('build', undefined)).toEqual(['{projectRoot}/dist']);
    expect(artifacts('prove', 'production', 'lib')).toEqual(['lib.tgz']);
    expect(artifacts('build', 'production', 'gone')).toBeUndefined();
  });
});

describe('projectOf', () => {
  it('when there is no such project it says so', () => {
    expect(() => projectOf(toWorkspace(context()), 'shop')).toThrow(expect.objectContaining({ code: 'PROJECT_UNKNOWN', message: 'the workspace has no project "shop"' }) as Error);
  });
});

describe('resolveBuild', () => {
  const build = (options: object = {}, taskGraph?: TaskGraph): unknown => resolveBuild(context(taskGraph), projectOf(toWorkspace(context()), 'app'), options);

  it('when nothing is set it is the outputs of the target build', () => {
    expect(build()).toMatchObject({ target: 'build', project: { name: 'app', artifacts: ['{projectRoot}/dist'] } });
    expect(build()).not.toHaveProperty('configuration');
  });

  it('when artifacts are set they are taken as given', () => {
    expect(build({ artifacts: ['x/*.js'], buildTarget: 'none' })).toMatchObject({ target: 'none', project: { artifacts: ['x/*.js'] } });
  });

  it('when the build target has a default configuration it is that', () => {
    expect(build({ buildTarget: 'bundle' })).toMatchObject({ target: 'bundle', configuration: 'production', project: { artifacts: ['{projectRoot}/out'] } });
  });

  it('when this run builds with a configuration it is that one', () => {
    expect(build({}, task('app', 'build', 'production'))).toMatchObject({ configuration: 'production', project: { artifacts: ['{projectRoot}/prod'] } });
    expect(build({}, task('lib', 'build', 'production'))).not.toHaveProperty('configuration');
    expect(build({ buildTarget: 'build:production' }, task('app', 'build', 'production'))).toMatchObject({ configuration: 'production' });
    expect(build({ buildTarget: 'bundle' }, task('app', 'bundle'))).not.toHaveProperty('configuration');
  });

  it('when this run builds with another configuration than the option names it is refused', () => {
    const refusal = (message: string): Error => expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining(message) as string }) as Error;
    expect(() => build({ buildTarget: 'build:production' }, task('app', 'build'))).toThrow(refusal('option "buildTarget" with the value "build:production" is not what this run builds: build, without a configuration'));
    expect(() => build({ buildTarget: 'build:production' }, task('app', 'build', 'dev'))).toThrow(refusal('is not what this run builds: build:dev; run Nx with --configuration=production'));
  });

  it('when the target declares no outputs or does not exist it names project and target', () => {
    const refusal = (message: string): Error => expect.objectContaining({ code: 'OUTPUTS_UNDECLARED', message, details: expect.objectContaining({ project: 'app' }) as object }) as Error;
    expect(() => build({ buildTarget: 'bare' })).toThrow(refusal('the project declares no outputs of its target "bare", and its proof has no "artifacts"'));
    expect(() => build({ buildTarget: 'valueOf' })).toThrow(refusal('the project has no target "valueOf", and its proof has no "artifacts"'));
  });

  it('when the project is unknown to the graph it has no targets', () => {
    const stranger = { name: 'new', root: 'new', tags: [], artifacts: undefined, dependencies: [] };
    expect(() => resolveBuild(context(), stranger, {})).toThrow(/has no target "build"/);
  });
});
