import { existsSync } from 'node:fs';
import path from 'node:path';
import type { CreateNodesContext, CreateNodesResult, CreateNodesResultArray } from '@nx/devkit';
import { readConfig, readProofFile } from '../commands/config';
import { ProofError, toProofError } from '../errors';
import { toNative } from '../files';
import { memberMatcher, readMemberPatterns } from '../model/members';
import { nxSettings, staticProject, type ProjectSources } from '../model/static-project';
import { cachingDefault } from '../model/static-target';
import type { ProofFile } from '../model/types';
import { installedName, pluginPackages, supportedNxVersion } from './installed';
import { parsePluginOptions } from './plugin-options';
import { proofTargets } from './targets';

/**
 * The proof targets of the projects with a proof.json. A proof.json in a folder that is no project of the workspace, such as a fixture or a
 * package that pnpm-workspace.yaml excludes, makes none.
 * @throws ProofError NX_UNSUPPORTED, OPTION_INVALID (options in nx.json, or defaults that have verification cached), WORKSPACE_INVALID, PROOF_FILE_INVALID with all that is wrong in them
 */
export async function inferProjects(files: readonly string[], options: unknown, context: CreateNodesContext): Promise<CreateNodesResultArray> {
  const { workspaceRoot: root } = context;
  supportedNxVersion(root);
  const names = parsePluginOptions(options);
  const packageName = installedName(root, pluginPackages(context.nxJsonConfiguration.plugins));
  requireUncached(names.verifyTargetName, `${packageName}:verify`, nxSettings({ ...context.nxJsonConfiguration }).targetDefaults);
  const isMember = memberMatcher(await readMemberPatterns(root));
  const inferred = files.map(async (file): Promise<[string, CreateNodesResult] | undefined> => {
    const folder = path.posix.dirname(file);
    if (!isProject(root, folder, isMember)) return undefined;
    const proofFile = await readProofFile(toNative(root, file), file);
    const artifacts = await knownArtifacts(context, folder, proofFile);
    return [file, { projects: { [folder]: { targets: proofTargets({ names, packageName, file: proofFile, artifacts }) } } }];
  });
  return (await allOrErrors(inferred)).filter((entry) => entry !== undefined);
}

/** Nx lays the defaults of nx.json over what plugins infer: with `cache` there, what a cache replays would pass for a verification. */
function requireUncached(target: string, executor: string, defaults: Readonly<Record<string, unknown>>): void {
  const key = cachingDefault(target, executor, defaults);
  if (key === undefined) return;
  throw new ProofError('OPTION_INVALID', `nx.json: targetDefaults[${JSON.stringify(key)}] has "cache": true, and ${target} is never cached: a cache would answer for it`, { details: { option: 'targetDefaults', value: key } });
}

function isProject(root: string, folder: string, isMember: (folder: string) => boolean): boolean {
  const has = (name: string): boolean => existsSync(toNative(root, `${folder}/${name}`));
  return has('project.json') || (has('package.json') && isMember(folder));
}

/** The artifacts as far as the project's own files say. */
async function knownArtifacts(context: CreateNodesContext, folder: string, proofFile: ProofFile): Promise<readonly string[] | undefined> {
  const read = async (name: string): Promise<Readonly<Record<string, unknown>> | undefined> => {
    const file = path.posix.join(folder, name);
    return existsSync(toNative(context.workspaceRoot, file)) ? readConfig(toNative(context.workspaceRoot, file), file, 'WORKSPACE_INVALID') : undefined;
  };
  const [projectJson, packageJson] = await Promise.all([read('project.json'), read('package.json')]);
  const sources: ProjectSources = { proofFile, ...(projectJson === undefined ? {} : { projectJson }), ...(packageJson === undefined ? {} : { packageJson }) };
  return staticProject(folder, path.posix.basename(folder), sources, nxSettings({ ...context.nxJsonConfiguration })).artifacts;
}

/** All results, or one error that says everything that is wrong: Nx would show the first alone. */
async function allOrErrors<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(promises);
  const errors = settled.flatMap((outcome) => (outcome.status === 'rejected' ? [toProofError(outcome.reason)] : []));
  const [first, ...more] = errors;
  if (first === undefined) return settled.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const messages = errors.map(({ message, code, exitCode }) => `${message} (${code}, exit ${exitCode})`);
  throw new ProofError(first.code, [...messages, first.hint].join('\n'), { cause: first, details: { ...first.details, others: more.length } });
}
