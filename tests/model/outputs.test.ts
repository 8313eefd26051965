import { describe, expect, it } from 'vitest';
import { artifactPatterns, declaredOutputs, resolveBuildTarget, type TargetConfig } from '../../src/model/outputs';

const PROJECT = { name: 'app', root: 'apps/app' };

describe('resolveBuildTarget', () => {
  const targets: Record<string, TargetConfig> = { build: {}, 'build:esm': {}, bundle: { defaultConfiguration: 'production' } };

  it('when the value is a target it is that', () => {
    expect(resolveBuildTarget('build', targets)).toEqual({ target: 'build' });
    expect(resolveBuildTarget('build:esm', targets)).toEqual({ target: 'build:esm' });
  });

  it('when more follows it is the configuration', () => {
    expect(resolveBuildTarget('build:production', targets)).toEqual({ target: 'build', configuration: 'production' });
    expect(resolveBuildTarget('build:esm:production', targets)).toEqual({ target: 'build:esm', configuration: 'production' });
  });

  it('when the target has a default configuration that counts', () => {
    expect(resolveBuildTarget('bundle', targets)).toEqual({ target: 'bundle', configuration: 'production' });
    expect(resolveBuildTarget('bundle:dev', targets)).toEqual({ target: 'bundle', configuration: 'dev' });
  });

  it('when no such target exists it splits at the first colon', () => {
    expect(resolveBuildTarget('package:linux:x64', targets)).toEqual({ target: 'package', configuration: 'linux:x64' });
    expect(resolveBuildTarget('constructor', targets)).toEqual({ target: 'constructor' });
  });
});

describe('declaredOutputs', () => {
  const outputs = (list: unknown[], options?: Record<string, unknown>): readonly string[] | undefined => declaredOutputs(PROJECT, { outputs: list, ...(options === undefined ? {} : { options }) });

  it('when they start with {projectRoot} or {workspaceRoot} they are kept as given', () => {
    const given = ['{projectRoot}/dist', '{workspaceRoot}/dist/**/*.{js,map}', '!{projectRoot}/dist/tmp'];
    expect(outputs(given)).toEqual(given);
  });

  it('when they name neither they are relative to the workspace', () => {
    expect(outputs(['dist/app', './out', '/rooted'])).toEqual(['{workspaceRoot}/dist/app', '{workspaceRoot}/out', '{workspaceRoot}/rooted']);
  });

  it('when they hold tokens of the project or its options these are replaced', () => {
    expect(outputs(['{workspaceRoot}/dist/{projectRoot}/{projectName}'])).toEqual(['{workspaceRoot}/dist/apps/app/app']);
    expect(outputs(['{options.outputPath}', '{projectRoot}/{options.a.b}/{options.n}'], { outputPath: 'dist/x', a: { b: 'c' }, n: 7 })).toEqual([
      '{workspaceRoot}/dist/x',
      '{projectRoot}/c/7',
    ]);
    expect(outputs(['dist/{project.root}/{project.name}'])).toEqual(['{workspaceRoot}/dist/apps/app/app']);
  });

  it('when the project is the workspace root no dot segments stay', () => {
    expect(declaredOutputs({ name: 'all', root: '.' }, { outputs: ['{workspaceRoot}/dist/{projectRoot}', '{workspaceRoot}/out/{projectRoot}/js'] })).toEqual([
      '{workspaceRoot}/dist',
      '{workspaceRoot}/out/js',
    ]);
  });

  it('when an option has no value the fallback counts, or the output is left out', () => {
    expect(outputs(['{options.dir ?? dist/{projectRoot}}', '{options.a ?? options.b ?? x}'], { b: 'bb' })).toEqual(['{workspaceRoot}/dist/apps/app', '{workspaceRoot}/bb']);
    expect(outputs(['{options.dir ?? env.OUT ?? out}'])).toEqual(['{workspaceRoot}/out']);
    expect(outputs(['{options.dir}', '!{options.dir}', '{options.dir ?? env.OUT}'], { dir: { base: 'x' } })).toBeUndefined();
  });

  it('when {workspaceRoot} is not at the start the output is left out', () => {
    expect(outputs(['dist/{workspaceRoot}/x', '{options.dir}/y'], { dir: '{workspaceRoot}/z' })).toEqual(['{workspaceRoot}/z/y']);
  });

  it('when a configuration is chosen its options override', () => {
    const target = { outputs: ['{options.dir}'], options: { dir: 'a' }, configurations: { production: { dir: 'b' }, odd: 'x' } };
    expect(declaredOutputs(PROJECT, target, 'production')).toEqual(['{workspaceRoot}/b']);
    expect(declaredOutputs(PROJECT, target, 'odd')).toEqual(['{workspaceRoot}/a']);
    expect(declaredOutputs(PROJECT, target)).toEqual(['{workspaceRoot}/a']);
  });

  it('when nothing usable is declared there are none', () => {
    expect(outputs([])).toBeUndefined();
    expect(outputs([7, null])).toBeUndefined();
    expect(declaredOutputs(PROJECT, {})).toBeUndefined();
  });

  it('when one is declared twice it counts once', () => {
    expect(outputs(['{projectRoot}/dist', '{projectRoot}/dist'])).toEqual(['{projectRoot}/dist']);
  });
});

describe('artifactPatterns', () => {
  const project = { ...PROJECT, targets: { build: { outputs: ['{projectRoot}/dist'] }, bundle: { outputs: ['{options.out}'], configurations: { p: { out: 'o' } } } } };

  it('when the option artifacts is set it wins, as given', () => {
    expect(artifactPatterns(project, { artifacts: ['out/*.tgz'] })).toEqual(['out/*.tgz']);
  });

  it('when it is not the outputs of the build target count', () => {
    expect(artifactPatterns(project, {})).toEqual(['{projectRoot}/dist']);
    expect(artifactPatterns(project, { buildTarget: 'bundle:p' })).toEqual(['{workspaceRoot}/o']);
  });

  it('when the target declares none or is missing the patterns are unknown', () => {
    expect(artifactPatterns(project, { buildTarget: 'bundle' })).toBeUndefined();
    expect(artifactPatterns(project, { buildTarget: 'toString' })).toBeUndefined();
  });
});
