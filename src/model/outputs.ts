/** The parts of an Nx target that say what it makes (https://nx.dev/docs/reference/project-configuration#outputs). */
export interface TargetConfig {
  readonly executor?: string;
  readonly outputs?: readonly unknown[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly configurations?: Readonly<Record<string, unknown>>;
  readonly defaultConfiguration?: string;
}

export interface BuildTarget {
  readonly target: string;
  readonly configuration?: string;
}

interface ProjectConfig {
  readonly name: string;
  /** Workspace-relative, forward slashes. */
  readonly root: string;
  readonly targets: Readonly<Record<string, TargetConfig>>;
}

/** What `buildTarget` names unless set. */
export const DEFAULT_BUILD_TARGET = 'build';

/**
 * Reads the option `buildTarget`, `target` or `target:configuration`. Names of targets may hold colons themselves: the longest that exists wins.
 * Without a configuration it is the target's default one.
 */
export function resolveBuildTarget(value: string, targets: Readonly<Record<string, TargetConfig>>): BuildTarget {
  const parts = value.split(':');
  for (let end = parts.length; end > 0; end -= 1) {
    const target = parts.slice(0, end).join(':');
    const config = ownTarget(targets, target);
    if (config === undefined) continue;
    const configuration = end < parts.length ? parts.slice(end).join(':') : config.defaultConfiguration;
    return { target, ...(configuration === undefined ? {} : { configuration }) };
  }
  const [target = value, ...rest] = parts;
  return { target, ...(rest.length === 0 ? {} : { configuration: rest.join(':') }) };
}

/**
 * The artifact patterns of a project: the option `artifacts` as given, else the outputs that its build target declares.
 * undefined when it declares none.
 */
export function artifactPatterns(project: ProjectConfig, options: { readonly artifacts?: readonly string[]; readonly buildTarget?: string }): readonly string[] | undefined {
  if (options.artifacts !== undefined) return options.artifacts;
  const { target, configuration } = resolveBuildTarget(options.buildTarget ?? DEFAULT_BUILD_TARGET, project.targets);
  const config = ownTarget(project.targets, target);
  return config === undefined ? undefined : declaredOutputs(project, config, configuration);
}

function ownTarget(targets: Readonly<Record<string, TargetConfig>>, name: string): TargetConfig | undefined {
  return Object.hasOwn(targets, name) ? targets[name] : undefined;
}

/**
 * The declared outputs of a target, each starting with {projectRoot} or {workspaceRoot} (a leading ! is kept). Other tokens are replaced as Nx
 * replaces them; an output with a token that has no value is none, as for Nx. undefined when nothing is left.
 */
export function declaredOutputs(project: Omit<ProjectConfig, 'targets'>, target: TargetConfig, configuration?: string): readonly string[] | undefined {
  const configured = configuration === undefined ? undefined : target.configurations?.[configuration];
  const options = { ...target.options, ...(isRecord(configured) ? configured : {}) };
  const outputs = (target.outputs ?? []).flatMap((output) => (typeof output === 'string' ? (normalizeOutput(output, project, options) ?? []) : []));
  return outputs.length === 0 ? undefined : [...new Set(outputs)];
}

type Options = Readonly<Record<string, unknown>>;

function normalizeOutput(output: string, project: { name: string; root: string }, options: Options): string | undefined {
  if (output.startsWith('!')) {
    const positive = normalizeOutput(output.slice(1), project, options);
    return positive === undefined ? undefined : `!${positive}`;
  }
  const lead = /^\{(?:projectRoot|workspaceRoot)\}/.exec(output)?.[0];
  const rest = interpolate(output.slice(lead?.length ?? 0), project, options);
  if (rest === undefined || rest.includes('{workspaceRoot}', 1)) return undefined;
  if (lead !== undefined) return `${lead}${rest}`;
  return rest.startsWith('{workspaceRoot}') ? rest : `{workspaceRoot}/${rest.replace(/^(?:\.?\/)+/, '')}`;
}

/** A token: {projectRoot}, {projectName}, {options.a.b}, with fallbacks {options.a ?? dist/{projectRoot}} since Nx 24. */
const TOKEN = /\{(projectRoot|projectName|project\.name|project\.root|options\.[^{}]*(?:\{[^{}]*\}[^{}]*)*)\}/g;

function interpolate(text: string, project: { name: string; root: string }, options: Options): string | undefined {
  let missing = false;
  const result = text.replace(TOKEN, (_, expression: string) => {
    const value = firstValue(expression.split('??'), project, options);
    if (value === undefined) missing = true;
    return value ?? '';
  });
  return missing ? undefined : result.replace(/\/\.(?=\/|$)/g, '');
}

function firstValue(alternatives: readonly string[], project: { name: string; root: string }, options: Options): string | undefined {
  for (const [index, alternative] of alternatives.entries()) {
    const expression = alternative.trim();
    if (expression.startsWith('env.')) continue;
    const value = index > 0 && !expression.startsWith('options.') ? interpolate(expression, project, options) : tokenValue(expression, project, options);
    if (value !== undefined) return value;
  }
  return undefined;
}

function tokenValue(expression: string, project: { name: string; root: string }, options: Options): string | undefined {
  if (expression === 'projectName' || expression === 'project.name') return project.name;
  if (expression === 'projectRoot' || expression === 'project.root') return project.root;
  const value = expression.split('.').slice(1).reduce<unknown>((scope, key) => (isRecord(scope) ? scope[key] : undefined), options);
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

const isRecord = (value: unknown): value is Options => typeof value === 'object' && value !== null && !Array.isArray(value);
