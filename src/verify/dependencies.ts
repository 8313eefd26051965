import { isProofError, ProofError } from '../errors';
import { DESCRIPTOR } from '../model/statement';
import type { Project } from '../model/project';
import type { ResourceDescriptor, Rule, Statement } from '../model/types';
import type { Check, RefusalCode, Verdict } from '../model/verdict';
import { failed, NameList, passed, unchecked } from './check';

export interface DependencyInput {
  readonly statement: Statement;
  readonly project: Pick<Project, 'name' | 'dependencies'>;
  readonly rule: Rule;
  /** Projects on a way of `dependencies: "verified"` from this project back to it; undefined when there is none. */
  readonly cycle: () => readonly string[] | undefined;
  /** The verdict on a project under its own rule; a ProofError when it has no proof that could be judged. */
  readonly verify: (project: string) => Promise<Verdict | ProofError>;
}

interface Problem {
  readonly code: RefusalCode;
  readonly message: string;
}

/**
 * With `dependencies: "verified"`: the statement records exactly the project's direct dependencies of the graph, each by the digest of a statement
 * whose proof verifies now, under that project's own rule.
 * @throws ProofError GRAPH_REQUIRED when the project's dependencies are not known; what `verify` throws
 */
export async function checkDependencies(input: DependencyInput): Promise<Check<'dependencies'>> {
  const recorded = recordedDependencies(input.statement);
  if (input.rule.dependencies !== 'verified') {
    return unchecked('dependencies', `${recorded.size} recorded; the rule does not have them verified ("dependencies": "any")`, { recorded: recorded.size });
  }
  const { name, dependencies } = input.project;
  if (dependencies === undefined) {
    throw new ProofError('GRAPH_REQUIRED', `project ${name}: its rule has "dependencies": "verified", and its dependencies cannot be determined from files alone`, { details: { project: name } });
  }
  const problems = setProblem(recorded, dependencies) ?? cycleProblem(input.cycle()) ?? (await followAll(recorded, input));
  const [first] = problems;
  if (first === undefined) return passed('dependencies', `${recorded.size} verified, each under its own rule`, { verified: recorded.size });
  const messages = problems.map(({ message }) => message);
  return failed('dependencies', first.code, messages.slice(0, 20).join('; '), { problems: messages.slice(0, 20), total: messages.length });
}

function recordedDependencies(statement: Statement): Map<string, ResourceDescriptor> {
  const prefix = DESCRIPTOR.project('');
  const entries = statement.predicate.buildDefinition.resolvedDependencies.flatMap((descriptor): [string, ResourceDescriptor][] =>
    descriptor.name?.startsWith(prefix) === true ? [[descriptor.name.slice(prefix.length), descriptor]] : [],
  );
  return new Map(entries);
}

function setProblem(recorded: ReadonlyMap<string, unknown>, dependencies: readonly string[]): Problem[] | undefined {
  const actual = new Set(dependencies);
  const missing = NameList.of([...actual].filter((name) => !recorded.has(name)));
  const extra = NameList.of([...recorded.keys()].filter((name) => !actual.has(name)));
  if (missing.total + extra.total === 0) return undefined;
  const parts = [missing.total > 0 ? `not recorded: ${missing.toString()}` : '', extra.total > 0 ? `recorded, but no dependency: ${extra.toString()}` : ''];
  return [{ code: 'DEPENDENCIES_MISMATCH', message: parts.filter((part) => part !== '').join('; ') }];
}

function cycleProblem(cycle: readonly string[] | undefined): Problem[] | undefined {
  return cycle === undefined ? undefined : [{ code: 'DEPENDENCY_CYCLE', message: `the projects depend on each other: ${cycle.join(' -> ')}` }];
}

/** One after another: what runs side by side is decided above, project by project. */
async function followAll(recorded: ReadonlyMap<string, ResourceDescriptor>, input: DependencyInput): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [name, { digest }] of recorded) {
    const problem = judge(digest?.['sha256'], await input.verify(name));
    if (problem !== undefined) problems.push({ code: problem.code, message: `${name}: ${problem.message}` });
  }
  return problems;
}

function judge(recorded: string | undefined, outcome: Verdict | ProofError): Problem | undefined {
  if (recorded === undefined) return { code: 'DEPENDENCY_UNVERIFIED', message: 'it had no proof when this one was made' };
  // Its message may name absolute paths, which no verdict holds.
  if (isProofError(outcome)) return { code: 'DEPENDENCY_UNVERIFIED', message: `it has no proof that can be verified (${outcome.code})` };
  if (outcome.result !== 'PASSED') {
    // What it says of its own dependencies stays out: it would be repeated on every way up.
    const failures = outcome.checks
      .filter(({ status }) => status === 'failed')
      .map(({ name, code, message }) => (name === 'dependencies' ? String(code) : `${String(code)}: ${message}`));
    return { code: 'DEPENDENCY_UNVERIFIED', message: `its proof does not verify (${failures.join('; ')})` };
  }
  if (outcome.statementSha256 === recorded) return undefined;
  return { code: 'DEPENDENCIES_MISMATCH', message: `its statement is ${String(outcome.statementSha256)}; the one recorded is ${recorded}` };
}
