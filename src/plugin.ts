import type { CreateNodes, PostTasksExecution, PreTasksExecution } from '@nx/devkit';
import { refuseControlValues } from './commands/control-values';
import { announceIdentity } from './nx/identity';
import { parsePluginOptions, type PluginOptions } from './nx/plugin-options';
import { presentably } from './nx/presentable';
import { asksFor, requestedTargets } from './nx/requested';

export type { PluginOptions } from './nx/plugin-options';

/** The name under which Nx reports this plugin. */
export const name = 'nx-proof/plugin';

/** Infers the targets proof-create, proof-sign and proof-verify for each project with a proof.json. */
export const createNodes: CreateNodes<PluginOptions> = [
  '**/proof.json',
  async (files, options, context) => {
    const { inferProjects } = await import('./nx/infer');
    return inferProjects(files, options, context);
  },
];

/**
 * Puts who builds and who signs into the environment before Nx hashes its tasks: a developer's proof is never replayed as that of CI. Nx passes on
 * what is assigned before the first await. No run begins while a .env file in the root of the workspace assigns a NX_PROOF_ variable.
 */
export const preTasksExecution: PreTasksExecution<PluginOptions> = async (_options, { workspaceRoot }) => {
  announceIdentity();
  await presentably(() => refuseControlValues(workspaceRoot, ['.'], 'own'));
};

/** Fails a run that was asked for proofs and did not make or verify them. Runs without proof targets cost nothing but this look. */
export const postTasksExecution: PostTasksExecution<PluginOptions> = async (options, { workspaceRoot, taskResults, argv }) => {
  const names = parsePluginOptions(options);
  const own = [names.createTargetName, names.signTargetName, names.verifyTargetName];
  const requested = requestedTargets(argv);
  const isAsked = requested?.targets.some((pattern) => own.some((target) => asksFor(pattern, target))) ?? false;
  if (!isAsked && !Object.values(taskResults).some(({ task }) => own.includes(task.target.target))) return;
  const [{ watchRun }, { cachedGraph }] = await Promise.all([import('./nx/watch'), import('./nx/load')]);
  await presentably(() => watchRun({ results: taskResults, requested, names, graph: cachedGraph(workspaceRoot) }));
};
