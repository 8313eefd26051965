import type { TargetConfiguration } from '@nx/devkit';
import { BUILDER_VARIABLES } from '../model/builder';
import { LOCKFILES } from '../model/lockfiles';
import { PROOF_FOLDER } from '../model/project';
import type { ProofFile } from '../model/types';
import { BUILDER_VARIABLE, SIGNER_VARIABLE } from './variables';

/** What the targets are called and under which name the package is installed. */
export interface TargetNames {
  readonly createTargetName: string;
  readonly signTargetName: string;
  readonly verifyTargetName: string;
  /** `target` or `target:configuration`. */
  readonly buildTarget: string;
}

export const DEFAULT_NAMES: TargetNames = { createTargetName: 'proof-create', signTargetName: 'proof-sign', verifyTargetName: 'proof-verify', buildTarget: 'build' };

export interface ProofTargetsInput {
  readonly names: TargetNames;
  /** The name under which the package is installed: `nx-proof`, or `proof` as an npm alias. */
  readonly packageName: string;
  readonly file: ProofFile;
  /** Artifact patterns, as far as they are known: what other plugins infer is not when this one does. */
  readonly artifacts: readonly string[] | undefined;
}

/** Where most builds put what they make; what they declare as outputs is hashed in any case, once they ran. */
const USUAL_OUTPUTS: readonly string[] = ['{projectRoot}/dist'];

type Inputs = NonNullable<TargetConfiguration['inputs']>;

/**
 * The three targets of a project. The cached ones hash all that a statement or bundle is made of:
 *
 * - `{projectRoot}/**` and not the named input `default`, from which workspaces exclude files that the statement's `source:<project>` covers.
 * - `^{projectRoot}/**`, since a statement names those of its dependencies; `nx affected` looks at files only.
 * - `dependentTasksOutputFiles`, which also makes Nx wait with hashing until the build has run.
 * - artifacts and statements themselves with `includeIgnored`, so that `--excludeTaskDependencies` replays nothing stale.
 * - builder and signer, as the plugin's pre-run hook finds them.
 */
export function proofTargets({ names, packageName, file, artifacts = USUAL_OUTPUTS }: ProofTargetsInput): Record<string, TargetConfiguration> {
  const { createTargetName: create, signTargetName: sign, verifyTargetName: verify } = names;
  const buildTarget = file.create?.buildTarget ?? names.buildTarget;
  const [build = buildTarget] = buildTarget.split(':');
  const createOptions = buildTarget === DEFAULT_NAMES.buildTarget ? file.create : { ...file.create, buildTarget };
  return {
    [create]: {
      executor: `${packageName}:create`,
      ...withOptions(createOptions),
      ...CACHED,
      dependsOn: [build, `^${create}`],
      inputs: createInputs(artifacts),
      outputs: [`{projectRoot}/${PROOF_FOLDER}/create`],
      metadata: { description: 'Create the SLSA provenance statement of the build artifacts' },
    },
    [sign]: {
      executor: `${packageName}:sign`,
      ...withOptions(file.sign),
      ...CACHED,
      dependsOn: [create],
      inputs: signInputs(artifacts, file.sign?.key),
      outputs: [`{projectRoot}/${PROOF_FOLDER}/sign`],
      metadata: { description: 'Sign the statement' },
    },
    // Never cached: what a cache replays is no evidence that anything was verified.
    [verify]: {
      executor: `${packageName}:verify`,
      ...withOptions(file.verify),
      cache: false,
      dependsOn: [sign],
      metadata: { description: 'Verify the proof against proof.policy.json' },
    },
  };
}

/** Nx Cloud's recording of what a task reads must not stand in for these inputs: it does not see that a token or key was used. */
const CACHED: Pick<TargetConfiguration, 'cache' | 'ultracache'> = { cache: true, ultracache: { mode: 'off' } };

const STATEMENT = `{projectRoot}/${PROOF_FOLDER}/create/statement.intoto.json`;
const SOURCES: Inputs = ['{projectRoot}/**/*', '^{projectRoot}/**/*', `!{projectRoot}/${PROOF_FOLDER}/**/*`];
/** With a daemon the hook runs there, and Nx keeps GITHUB_*, CIRCLE_* and the like from it: so the variables themselves are inputs too. */
const BUILDER: Inputs = [BUILDER_VARIABLE, ...BUILDER_VARIABLES].map((env) => ({ env }));
const OUTPUTS: Inputs = [{ dependentTasksOutputFiles: '**/*' }];

function createInputs(artifacts: readonly string[]): Inputs {
  return [
    ...SOURCES,
    ...OUTPUTS,
    ...artifactInputs(artifacts),
    { fileset: STATEMENT, dependencies: true, includeIgnored: true },
    ...LOCKFILES.map((file) => `{workspaceRoot}/${file}`),
    ...BUILDER,
    { env: 'SOURCE_DATE_EPOCH' },
  ];
}

function signInputs(artifacts: readonly string[], key: string | undefined): Inputs {
  return [
    ...SOURCES,
    ...OUTPUTS,
    ...artifactInputs(artifacts),
    { fileset: `{projectRoot}/${PROOF_FOLDER}/create/**/*`, includeIgnored: true },
    ...(key === undefined || /^(?:[/\\]|\.\.|[A-Za-z]:)/.test(key) ? [] : [{ fileset: `{workspaceRoot}/${key.replace(/^\.\//, '')}`, includeIgnored: true }]),
    ...BUILDER,
    { env: SIGNER_VARIABLE },
    { env: 'CIRCLE_PROJECT_ID' },
  ];
}

/** A pattern may name a file, a folder or a glob of either. Nx passes over node_modules unless a pattern starts inside of one. */
function artifactInputs(patterns: readonly string[]): Inputs {
  const filesets = patterns
    .filter((pattern) => !pattern.startsWith('!'))
    .map((pattern) => (/^\{(?:projectRoot|workspaceRoot)\}/.test(pattern) ? pattern : `{projectRoot}/${pattern.replace(/^\.\//, '')}`))
    .map((pattern) => pattern.replace(/(?:\/\*\*)?(?:\/\*)?\/*$/, ''))
    .flatMap((base) => [base, `${base}/**/*`, ...(/[*?[{(]/.test(base.replace(/^\{\w+\}/, '')) ? [] : [`${base}/node_modules/**/*`])]);
  return [...new Set(filesets)].map((fileset) => ({ fileset, includeIgnored: true }));
}

const withOptions = (options: object | undefined): { options?: object } => (options === undefined || Object.keys(options).length === 0 ? {} : { options });
