import type { ProjectGraph } from '@nx/devkit';
import { ProofError } from '../errors';
import type { NxContext } from './context';
import { loadDevkit } from './devkit';

/**
 * The workspace as Nx itself sees it, for a process that Nx did not start. Runs the plugins of the workspace.
 * @param root absolute native path
 * @throws ProofError NX_UNSUPPORTED; WORKSPACE_INVALID with what Nx says when it cannot make the graph
 */
export async function loadContext(root: string): Promise<NxContext> {
  // Nx looks for its workspace when it is loaded, upwards from the folder of the process unless this says otherwise.
  process.env['NX_WORKSPACE_ROOT_PATH'] = root;
  const { createProjectGraphAsync } = loadDevkit(root);
  try {
    const projectGraph = await quietly(() => createProjectGraphAsync({ exitOnError: false, resetDaemonClient: true }));
    return { root, projectGraph };
  } catch (error) {
    throw new ProofError('WORKSPACE_INVALID', `Nx cannot make the project graph of ${root}: ${reasons(error).join('; ')}`, { cause: error, details: { root } });
  }
}

/**
 * The graph that Nx wrote down before it ran the first task of the run that is over. For processes of Nx alone.
 * @throws ProofError WORKSPACE_INVALID when it keeps none
 */
export function cachedGraph(root: string): ProjectGraph {
  try {
    return loadDevkit(root).readCachedProjectGraph();
  } catch (error) {
    throw new ProofError('WORKSPACE_INVALID', 'Nx keeps no project graph (NX_CACHE_PROJECT_GRAPH=false?), so what the proof targets of this run did cannot be told', { cause: error, details: { root } });
  }
}

/** What Nx and its plugins print is no result of ours: standard output may have to be one JSON document. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { stdout, stderr } = process;
  const write = stdout.write;
  stdout.write = stderr.write.bind(stderr) as typeof write;
  try {
    return await work();
  } finally {
    stdout.write = write;
  }
}

/** An error of Nx's graph holds those of the plugins. */
function reasons(error: unknown): string[] {
  const own = error instanceof Error ? error.message : String(error);
  const getErrors = error instanceof Error && 'getErrors' in error && typeof error.getErrors === 'function' ? (error.getErrors as () => unknown) : undefined;
  const inner = getErrors?.call(error);
  return [own, ...(Array.isArray(inner) ? inner.flatMap(reasons) : [])];
}
