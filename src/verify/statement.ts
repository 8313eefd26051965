import { isProofError } from '../errors';
import { BUILD_TYPE, readStatement } from '../model/statement';
import { splitSubjects, type SplitSubjects } from '../model/subjects';
import type { Project } from '../model/project';
import type { ResourceDescriptor, Statement } from '../model/types';
import type { Check, RefusalCode } from '../model/verdict';
import { failed, passed, unchecked } from './check';
import { checkPredicate, parsePayload, shown } from './predicate';

export interface StatementFinding {
  readonly check: Check<'statement'>;
  readonly predicate: Check<'predicate'>;
  /** Absent when the check failed. */
  readonly statement?: Statement;
  readonly subjects?: SplitSubjects;
}

/** What the verifier itself knows of the project. */
export interface ExpectedStatement {
  readonly project: Pick<Project, 'name' | 'artifacts'>;
  /** Workspace path of the project's create/manifest.json. */
  readonly manifest: string;
  /** Can artifact patterns cover the file, or have the folder as a root? Throws a ProofError for patterns that cannot be used. */
  readonly matcher: (patterns: readonly string[]) => (name: string) => boolean;
}

interface Problem {
  readonly code: RefusalCode;
  readonly message: string;
  readonly field: string;
}

/**
 * The payload is a statement of the nx-target build type, in its one canonical form, about this project and its artifact roots.
 * @param payload bytes whose signature has been verified
 */
export function checkStatement(payload: Uint8Array, expected: ExpectedStatement): StatementFinding {
  const json = parsePayload(payload);
  if (json === undefined) {
    return { check: failed('statement', 'STATEMENT_INVALID', 'the payload is not JSON'), predicate: unchecked('predicate', 'not reached: the payload is not JSON') };
  }
  const predicate = checkPredicate(json, BUILD_TYPE);
  if (predicate.status === 'failed') return { check: unchecked('statement', 'not reached: its predicate is of an unknown type'), predicate };
  const read = readVerified(payload);
  if ('code' in read) return { check: refused(read), predicate };
  const subjects = splitSubjects(read.statement, expected.manifest);
  const problem = findProblem(read.statement, subjects, expected);
  if (problem !== undefined) return { check: refused(problem), predicate };
  const roots = expected.project.artifacts === undefined ? '; the artifact roots are those that it names, since the configured ones are not known' : '';
  return { check: passed('statement', `in-toto statement of the project ${expected.project.name}${roots}`), predicate, statement: read.statement, subjects };
}

function readVerified(payload: Uint8Array): { statement: Statement } | Problem {
  try {
    return { statement: readStatement(payload) };
  } catch (error) {
    // A RangeError comes from nesting beyond the stack: no statement either.
    const message = error instanceof Error ? error.message : String(error);
    const field = isProofError(error) && typeof error.details['field'] === 'string' ? error.details['field'] : '/';
    return { code: 'STATEMENT_INVALID', message, field };
  }
}

function findProblem(statement: Statement, subjects: SplitSubjects, expected: ExpectedStatement): Problem | undefined {
  const { externalParameters, resolvedDependencies } = statement.predicate.buildDefinition;
  return (
    repeatedName(resolvedDependencies, '/predicate/buildDefinition/resolvedDependencies') ??
    repeatedName(statement.predicate.runDetails.byproducts, '/predicate/runDetails/byproducts') ??
    otherProject(externalParameters, expected.project) ??
    foreignSubject(statement, subjects, expected)
  );
}

/** Descriptors are looked up by name, so no name may stand for two things. */
function repeatedName(descriptors: readonly ResourceDescriptor[], field: string): Problem | undefined {
  const seen = new Set<string>();
  for (const [index, { name }] of descriptors.entries()) {
    if (name === undefined) continue;
    if (seen.has(name)) return { code: 'STATEMENT_INVALID', message: `${field}/${index} has the name of another entry: ${name}`, field: `${field}/${index}` };
    seen.add(name);
  }
  return undefined;
}

/** The verifier's own project and configuration count, not what the statement says of itself. */
function otherProject(found: Statement['predicate']['buildDefinition']['externalParameters'], project: ExpectedStatement['project']): Problem | undefined {
  const parameters = '/predicate/buildDefinition/externalParameters';
  if (found.project !== project.name) {
    const message = `externalParameters.project is ${shown(found.project)}; this is the project ${project.name}`;
    return { code: 'PROJECT_MISMATCH', message, field: `${parameters}/project` };
  }
  if (project.artifacts === undefined || JSON.stringify(found.artifacts) === JSON.stringify(project.artifacts)) return undefined;
  const [proved, configured] = [found.artifacts, project.artifacts].map((patterns) => JSON.stringify(patterns).slice(0, 300));
  return { code: 'PROJECT_MISMATCH', message: `externalParameters.artifacts is ${proved}; the project is configured with ${configured}`, field: `${parameters}/artifacts` };
}

function foreignSubject(statement: Statement, subjects: SplitSubjects, { manifest, matcher }: ExpectedStatement): Problem | undefined {
  if (subjects.manifest !== undefined && subjects.files.size > 0) {
    return { code: 'STATEMENT_INVALID', message: `/subject names ${manifest} beside single files`, field: '/subject' };
  }
  if (subjects.manifest === undefined && subjects.files.size === 0) return { code: 'STATEMENT_INVALID', message: '/subject names no file', field: '/subject' };
  const covers = matcherOf(matcher, statement.predicate.buildDefinition.externalParameters.artifacts);
  if (typeof covers === 'string') {
    const field = '/predicate/buildDefinition/externalParameters/artifacts';
    return { code: 'STATEMENT_INVALID', message: `externalParameters.artifacts: ${covers}`, field };
  }
  const index = statement.subject.findIndex(({ name }) => name !== manifest && !covers(name));
  const name = statement.subject[index]?.name;
  if (name === undefined) return undefined;
  return { code: 'STATEMENT_INVALID', message: `/subject/${index}/name lies outside of the project's artifact roots: ${name}`, field: `/subject/${index}/name` };
}

/** The predicate, or why the patterns give none. */
function matcherOf(matcher: ExpectedStatement['matcher'], patterns: readonly string[]): ReturnType<ExpectedStatement['matcher']> | string {
  try {
    return matcher(patterns);
  } catch (error) {
    if (isProofError(error)) return error.message;
    throw error;
  }
}

function refused({ code, message, field }: Problem): Check<'statement'> {
  return failed('statement', code, message, { field });
}
