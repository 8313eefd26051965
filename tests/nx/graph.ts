import type { ProjectGraph, TargetConfiguration, TaskGraph } from '@nx/devkit';

export interface GraphProject {
  readonly root: string;
  readonly tags?: string[];
  readonly targets?: Record<string, TargetConfiguration>;
  /** Names of nodes, in the order in which Nx found them. */
  readonly dependencies?: readonly string[];
}

/** A project graph as Nx hands it to executors. */
export function graphOf(projects: Readonly<Record<string, GraphProject>>): ProjectGraph {
  const nodes = Object.entries(projects).map(([name, { root, tags, targets }]) => [name, { name, type: 'lib' as const, data: { root, ...(tags === undefined ? {} : { tags }), targets: targets ?? {} } }] as const);
  const dependencies = Object.entries(projects).map(([name, { dependencies: edges = [] }]) => [name, edges.map((target) => ({ source: name, target, type: 'static' }))] as const);
  return { nodes: Object.fromEntries(nodes), dependencies: Object.fromEntries(dependencies) };
}

/** The graph of the tasks `<project>:<target>` of a batch; edges as in Nx 24, or as in Nx 23. */
export function batchOf(target: string, projects: Readonly<Record<string, readonly string[]>>, edges: 23 | 24 = 24): TaskGraph {
  const id = (project: string): string => `${project}:${target}`;
  const names = Object.keys(projects);
  const graph = {
    roots: names.filter((name) => projects[name]?.length === 0).map(id),
    tasks: Object.fromEntries(names.map((project) => [id(project), { id: id(project), target: { project, target }, overrides: {}, outputs: [], parallelism: true }])),
    dependencies: Object.fromEntries(names.map((name) => [id(name), (projects[name] ?? []).map((other) => (edges === 24 ? { id: id(other) } : id(other)))])),
    continuousDependencies: {},
  };
  return graph as unknown as TaskGraph;
}
