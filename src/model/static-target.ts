import picomatch from 'picomatch';
import type { TargetConfig } from './outputs';

type Json = Readonly<Record<string, unknown>>;

/** Where a project's targets are written down, lowest precedence first: nx.json, package.json, project.json. */
export interface TargetSources {
  readonly targetDefaults: Json;
  readonly packageJson: Json;
  readonly projectJson: Json;
  /** True when Nx plugins may add targets, outputs and options that no file states. */
  readonly inferring: boolean;
}

/**
 * The target `name` as the files alone state it, merged as Nx merges them, or undefined when there is none or when only Nx can tell: a spread
 * token '...', target defaults with a filter, or a plugin that may add to what is missing here.
 */
export function staticTarget(name: string, sources: TargetSources): TargetConfig | undefined {
  const layers = statedLayers(name, sources);
  if (layers.length === 0 || hasSpread(layers)) return undefined;
  const own = layers.reduce(mergeTargets);
  if (Array.isArray(own.outputs) && !needsOptions(own)) return own;
  if (sources.inferring && own.executor === undefined) return undefined;
  const defaults = targetDefaults(name, own.executor, sources.targetDefaults);
  if (defaults === 'unknown' || hasSpread(defaults)) return undefined;
  const merged = [...(differ(defaults.executor, own.executor) ? [] : [asBaseOf(own, defaults)]), ...layers].reduce(mergeTargets);
  if (sources.inferring && (merged.outputs === undefined || needsOptions(merged))) return undefined;
  return needsOptions(merged) && hasToken(merged) ? undefined : merged;
}

/** What package.json (scripts, nx.targets) states and what project.json states; the latter wins. */
function statedLayers(name: string, { packageJson, projectJson }: TargetSources): TargetConfig[] {
  const nx = member(packageJson, 'nx');
  const script = typeof member(packageJson, 'scripts')?.[name] === 'string' && includesScript(nx, name);
  const ofScript: Json | undefined = script ? { executor: 'nx:run-script', options: { script: name } } : undefined;
  const ofPackage = [ofScript, member(member(nx, 'targets'), name)].filter((layer) => layer !== undefined).map(desugar);
  const ofProject = [member(member(projectJson, 'targets'), name)].filter((layer) => layer !== undefined).map(desugar);
  return [...(ofPackage.length === 0 ? [] : [ofPackage.reduce(mergeTargets)]), ...ofProject];
}

/** Defaults lie below all layers, and take on what the target runs in the end: a layer between that runs something else discards them. */
function asBaseOf(own: TargetConfig, defaults: TargetConfig): TargetConfig {
  const command = own.options?.['command'];
  return { ...defaults, ...(own.executor === undefined ? {} : { executor: own.executor }), options: { ...defaults.options, ...(command === undefined ? {} : { command }) } };
}

function includesScript(nx: Json | undefined, name: string): boolean {
  const included = nx?.['includedScripts'];
  return !Array.isArray(included) || included.includes(name);
}

/** `command` is short for the executor nx:run-commands with that option. */
function desugar(target: Json): TargetConfig {
  const { command, ...rest } = target;
  return (command === undefined ? rest : { ...rest, executor: 'nx:run-commands', options: { ...member(rest, 'options'), command } }) as TargetConfig;
}

/** Nx merges two layers that run the same thing, options and configurations key by key; otherwise the upper one replaces the lower. */
function mergeTargets(lower: TargetConfig, upper: TargetConfig): TargetConfig {
  if (differ(lower.executor, upper.executor) || differ(lower.options?.['command'], upper.options?.['command'])) return upper;
  return {
    ...lower,
    ...upper,
    options: { ...lower.options, ...upper.options },
    configurations: { ...lower.configurations, ...upper.configurations },
  };
}

/**
 * The defaults that nx.json states for a target: by executor, else by name, else by the longest glob that matches the name. unknown: entries
 * with a filter, which only Nx can apply.
 */
export function targetDefaults(name: string, executor: string | undefined, defaults: Json): TargetConfig | 'unknown' {
  const globs = Object.keys(defaults)
    .filter((key) => key !== name && key !== executor && /[*?{[(!]/.test(key) && picomatch.isMatch(name, key))
    .sort((a, b) => b.length - a.length);
  const keys = [...(executor === undefined ? [] : [executor]), name, ...globs];
  const key = keys.find((candidate) => Object.hasOwn(defaults, candidate));
  const value = key === undefined ? undefined : defaults[key];
  if (!Array.isArray(value)) return isRecord(value) ? desugar(value) : {};
  const entries = value.filter(isRecord);
  if (entries.some((entry) => entry['filter'] !== undefined)) return 'unknown';
  return entries.map(desugar).reduce(mergeTargets, {});
}

/** The key of nx.json's target defaults that has a target cached, by its executor, its name or a glob over names; whatever filter it has. */
export function cachingDefault(name: string, executor: string, defaults: Json): string | undefined {
  const entries = Object.entries(defaults).filter(([key]) => key === executor || key === name || picomatch.isMatch(name, key));
  return entries.find(([, value]) => (Array.isArray(value) ? value : [value]).some((entry: unknown) => isRecord(entry) && entry['cache'] === true))?.[0];
}

const differ = (a: unknown, b: unknown): boolean => a !== undefined && b !== undefined && a !== b;

const needsOptions = (target: TargetConfig): boolean => JSON.stringify(target.outputs ?? []).includes('{options.');

/** Option values may hold tokens themselves, which Nx replaces first. */
const hasToken = ({ options, configurations }: TargetConfig): boolean => /\{project(Root|Name)\}/.test(JSON.stringify([options, configurations]));

/** Nx's spread token, as an element of an array or a key: what it stands for depends on layers that plugins may add. */
function hasSpread(value: unknown): boolean {
  if (Array.isArray(value)) return value.some((item) => item === '...' || hasSpread(item));
  return isRecord(value) && (Object.hasOwn(value, '...') || Object.values(value).some(hasSpread));
}

function member(value: Json | undefined, key: string): Json | undefined {
  const found = value !== undefined && Object.hasOwn(value, key) ? value[key] : undefined;
  return isRecord(found) ? found : undefined;
}

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
