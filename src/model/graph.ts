import { ProofError } from '../errors';
import { compareBytes } from './digest';
import { artifactPatterns, type TargetConfig } from './outputs';
import type { Project } from './project';

/** The executors that make a proof; the second is the package installed under the name `proof`. */
export const CREATE_EXECUTORS: readonly string[] = ['nx-proof:create', 'proof:create'];

type Json = Readonly<Record<string, unknown>>;

/**
 * The projects of a project graph as `nx graph --file=graph.json` writes it: `{graph: {nodes, dependencies}}`. Everything is taken from the graph,
 * so that what plugins inferred counts too. npm packages among the dependencies are left out.
 * @throws ProofError JSON_INVALID when it is not such a graph; the message names the field
 */
export function graphProjects(document: unknown, what: string): Map<string, Project> {
  const graph = record(record(document, what, 'the document')['graph'], what, 'graph');
  const nodes = record(graph['nodes'], what, 'graph.nodes');
  const edges = record(graph['dependencies'] ?? {}, what, 'graph.dependencies');
  const names = new Set(Object.keys(nodes));
  return new Map([...names].map((name) => [name, projectOfNode(name, record(nodes[name], what, `graph.nodes.${name}`), targetsOf(edges[name], names), what)]));
}

function projectOfNode(name: string, node: Json, dependencies: readonly string[], what: string): Project {
  const data = record(node['data'], what, `graph.nodes.${name}.data`);
  const root = data['root'];
  if (typeof root !== 'string' || !isWorkspacePath(root)) throw invalid(what, `graph.nodes.${name}.data.root`, 'must be a folder of the workspace');
  const targets = isRecord(data['targets']) ? (data['targets'] as Readonly<Record<string, TargetConfig>>) : {};
  return { name, root, tags: strings(data['tags']), artifacts: artifactPatterns({ name, root, targets }, createOptions(Object.values(targets).find(isCreateTarget))), dependencies };
}

/** Is this the target that makes the project's proof? */
export const isCreateTarget = ({ executor }: TargetConfig): boolean => executor !== undefined && CREATE_EXECUTORS.includes(executor);

/** The options of that target that decide what is proved; none when there is no such target. */
export function createOptions(target: TargetConfig | undefined): { artifacts?: readonly string[]; buildTarget?: string } {
  const options = target?.options;
  const artifacts = strings(options?.['artifacts']);
  const buildTarget = options?.['buildTarget'];
  return { ...(artifacts.length === 0 ? {} : { artifacts }), ...(typeof buildTarget === 'string' ? { buildTarget } : {}) };
}

function targetsOf(edges: unknown, names: ReadonlySet<string>): string[] {
  const targets = Array.isArray(edges) ? edges.flatMap((edge) => (isRecord(edge) && typeof edge['target'] === 'string' ? edge['target'] : [])) : [];
  return [...new Set(targets)].filter((target) => names.has(target)).sort(compareBytes);
}

/** True for a normalised workspace-relative path with forward slashes that does not leave the workspace; '.' is its root. */
export function isWorkspacePath(value: string): boolean {
  if (value === '.') return true;
  return !/[\\\0]/.test(value) && !/^[A-Za-z]:/.test(value) && value.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..');
}

function record(value: unknown, what: string, field: string): Json {
  if (isRecord(value)) return value;
  throw invalid(what, field, 'must be an object');
}

function invalid(what: string, field: string, problem: string): ProofError {
  return new ProofError('JSON_INVALID', `${what}: ${field} ${problem}; a file written by "nx graph --file=graph.json" is expected`, { details: { what, field } });
}

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const strings = (value: unknown): string[] => (Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []);
