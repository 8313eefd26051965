import type { CreateNodes, PreTasksExecution } from '@nx/devkit';
import { announceIdentity } from './nx/identity';
import type { PluginOptions } from './nx/plugin-options';

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
 * Puts who builds and who signs into the environment before Nx hashes its tasks: a developer's proof is never replayed as that of CI.
 * Nx passes on what is assigned before the first await.
 */
export const preTasksExecution: PreTasksExecution<PluginOptions> = () => {
  announceIdentity();
};
