import { CREATE_EXECUTORS, createOptions, isCreateTarget } from './graph';
import { DEFAULT_BUILD_TARGET, artifactPatterns, resolveBuildTarget, type TargetConfig } from './outputs';
import type { Project } from './project';
import { staticTarget, targetDefaults, type TargetSources } from './static-target';
import type { ProofFile } from './types';

type Json = Readonly<Record<string, unknown>>;

/** What the files of one project folder say; absent ones are undefined. */
export interface ProjectSources {
  readonly projectJson?: Json;
  readonly packageJson?: Json;
  readonly proofFile?: ProofFile;
}

/** What nx.json says about every project. */
export interface NxSettings {
  /** True when plugins other than nx-proof's are listed, or settings come from another file: they may add tags, targets and outputs. */
  readonly inferring: boolean;
  readonly targetDefaults: Json;
  /** The build target that nx-proof's plugin is configured with. */
  readonly buildTarget: string;
}

/** nx-proof's own inference plugin under its two names: it adds targets that this module reads from proof.json itself, and no tags. */
const OWN_PLUGINS: readonly unknown[] = ['nx-proof/plugin', 'proof/plugin'];

export function nxSettings(nxJson: Json): NxSettings {
  const plugins = Array.isArray(nxJson['plugins']) ? nxJson['plugins'].map((entry) => (isRecord(entry) ? entry : { plugin: entry as unknown })) : [];
  const own = plugins.find(({ plugin }) => OWN_PLUGINS.includes(plugin));
  const options = own !== undefined && 'options' in own && isRecord(own.options) ? own.options : {};
  return {
    inferring: nxJson['extends'] !== undefined || plugins.some(({ plugin }) => !OWN_PLUGINS.includes(plugin)),
    targetDefaults: isRecord(nxJson['targetDefaults']) ? nxJson['targetDefaults'] : {},
    buildTarget: typeof options['buildTarget'] === 'string' ? options['buildTarget'] : DEFAULT_BUILD_TARGET,
  };
}

/**
 * A project as its files alone state it: what needs Nx to be known is undefined (see `Project`).
 * @param root workspace-relative with forward slashes
 * @param folderName used when no file gives a name, in lower case as Nx does
 */
export function staticProject(root: string, folderName: string, sources: ProjectSources, settings: NxSettings): Project {
  const name = nameOf(sources) ?? folderName.toLowerCase();
  return {
    name,
    root,
    tags: settings.inferring ? undefined : tagsOf(sources),
    artifacts: artifactsOf({ name, root }, sources, settings),
    dependencies: undefined,
  };
}

/** project.json decides, then "nx" of package.json, then its name. */
function nameOf({ projectJson, packageJson }: ProjectSources): string | undefined {
  const nx = packageJson?.['nx'];
  return [projectJson?.['name'], isRecord(nx) ? nx['name'] : undefined, packageJson?.['name']].find((name): name is string => typeof name === 'string' && name !== '');
}

/** The tags of both files, and those that Nx derives from a package.json: npm:private or npm:public, and npm:KEYWORD. */
function tagsOf({ projectJson, packageJson }: ProjectSources): string[] {
  const tags = strings(projectJson?.['tags']);
  if (packageJson === undefined) return [...new Set(tags)];
  const nx = packageJson['nx'];
  const keywords = strings(packageJson['keywords']).map((keyword) => `npm:${keyword}`);
  return [...new Set([packageJson['private'] ? 'npm:private' : 'npm:public', ...keywords, ...strings(isRecord(nx) ? nx['tags'] : undefined), ...tags])];
}

/** The artifacts that proof.json or an explicit target of nx-proof:create names, else the outputs of the build target. */
function artifactsOf(project: { name: string; root: string }, { projectJson, packageJson, proofFile }: ProjectSources, settings: NxSettings): readonly string[] | undefined {
  const sources: TargetSources = { projectJson: projectJson ?? {}, packageJson: packageJson ?? {}, targetDefaults: settings.targetDefaults, inferring: settings.inferring };
  const stated = statedTargets(sources);
  const create = createConfig(stated, proofFile, settings);
  if (create === 'unknown') return undefined;
  if (create.artifacts !== undefined) return create.artifacts;
  const buildTarget = create.buildTarget ?? settings.buildTarget;
  const { target } = resolveBuildTarget(buildTarget, stated);
  const config = staticTarget(target, sources);
  return config === undefined ? undefined : artifactPatterns({ ...project, targets: { [target]: config } }, { buildTarget });
}

/** The options of the target that creates the proof, as Nx merges them: proof.json, under the defaults of nx.json, under an explicit target. */
function createConfig(stated: Readonly<Record<string, TargetConfig>>, proofFile: ProofFile | undefined, settings: NxSettings): ReturnType<typeof createOptions> | 'unknown' {
  const explicit = Object.entries(stated).find(([, target]) => isCreateTarget(target));
  if (explicit === undefined && proofFile === undefined) return {};
  const [name, target] = explicit ?? ['proof-create', stated['proof-create'] ?? {}];
  const executor = target.executor ?? CREATE_EXECUTORS.find((key) => Object.hasOwn(settings.targetDefaults, key));
  const defaults = targetDefaults(name, executor, settings.targetDefaults);
  return defaults === 'unknown' ? defaults : { ...proofFile?.create, ...createOptions(defaults), ...createOptions(target) };
}

/** Every target that the two files name, unmerged: enough to find one by its executor. */
function statedTargets({ projectJson, packageJson }: TargetSources): Record<string, TargetConfig> {
  const nx = packageJson['nx'];
  const layers = [packageJson['scripts'], isRecord(nx) ? nx['targets'] : undefined, projectJson['targets']].filter(isRecord);
  const entries = layers.flatMap((layer) => Object.entries(layer).map(([name, target]) => [name, isRecord(target) ? target : {}] as const));
  return Object.fromEntries(entries);
}

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []);
