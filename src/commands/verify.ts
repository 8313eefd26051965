import pLimit from 'p-limit';
import { ProofError, toProofError } from '../errors';
import { compareBytes } from '../model/digest';
import { requiredProjects } from '../model/policy';
import type { Project } from '../model/project';
import type { Verdict } from '../model/verdict';
import { operation } from '../telemetry';
import type { LoadedPolicy } from './policy';
import { openRun, type Run } from './run';
import type { Session } from './session';
import { judgeProof } from './verification';
import { clearVerdict, hasProofFiles, writeVerdict } from './verify-files';

export interface VerifyRequest {
  readonly project: Project;
  readonly policy: LoadedPolicy;
  /** Absolute path of a bundle outside of the project's `.proof` folder; then nothing is written. */
  readonly bundle?: string;
}

/** What became of one project: a verdict, or why there is none. `project` is an entry of `required` that names none, for REQUIRED_UNMATCHED. */
export type Outcome = { readonly project: string; readonly verdict: Verdict } | { readonly project: string; readonly error: ProofError };

/** Proofs verified side by side; each of them hashes with the session's hasher, which has a concurrency of its own. */
const CONCURRENCY = 4;

/**
 * Verifies one proof and writes the verdict to `.proof/verify/`, for people: an earlier one is deleted first, and none is ever read.
 * @throws ProofError PROOF_NOT_FOUND, JSON_INVALID, BUNDLE_INVALID, FILE_TOO_LARGE, GRAPH_REQUIRED, GIT_REQUIRED, TRUST_UNAVAILABLE, IO_ERROR,
 * FILE_CHANGED, ABORTED: no verdict could be reached
 */
export async function verifyProof(session: Session, request: VerifyRequest): Promise<Verdict> {
  return openVerifier(session, request.policy)(request);
}

/** verifyProof for projects one by one that share what they have in common: as a dependency, too, a proof is judged once. */
export function openVerifier(session: Session, policy: LoadedPolicy): (request: Omit<VerifyRequest, 'policy'>) => Promise<Verdict> {
  const run = openRun(session, policy, judgeProof);
  return async (request) => {
    try {
      return await verifyOne(run, { ...request, policy });
    } catch (error) {
      throw toProofError(error, `project ${request.project.name}`);
    }
  };
}

/**
 * Verifies several proofs; one that fails hides none of the others. Outcomes come in byte order of the projects' names.
 * @throws ProofError PROOF_NOT_FOUND for an empty list: verifying nothing is never a success
 */
export async function verifyMany(session: Session, requests: readonly VerifyRequest[]): Promise<Outcome[]> {
  if (requests.length === 0) throw new ProofError('PROOF_NOT_FOUND', 'there is nothing to verify: no project was given');
  const runs = new Map(requests.map(({ policy }) => [policy, openRun(session, policy, judgeProof)]));
  const limit = pLimit(CONCURRENCY);
  const outcomes = requests.map((request) => limit(() => outcomeOf(runs.get(request.policy) ?? openRun(session, request.policy, judgeProof), request)));
  return inOrder(await Promise.all(outcomes));
}

/**
 * Verifies every project that has a proof.json or a `.proof` folder, and every one that the policy requires.
 * @throws ProofError PROOF_NOT_FOUND when that is none at all; GRAPH_REQUIRED when `required` needs tags that are not known
 */
export async function verifyWorkspace(session: Session, { policy }: { readonly policy: LoadedPolicy }): Promise<Outcome[]> {
  const { root, projects } = session.workspace;
  const entries = requiredProjects(policy.policy, projects.values());
  const required = new Set(entries.flatMap((entry) => entry.projects));
  const unmatched: Outcome[] = entries.filter((entry) => entry.projects.length === 0).map(({ pattern }) => ({ project: pattern, error: unmatchedError(pattern) }));
  const requests: VerifyRequest[] = [];
  for (const project of projects.values()) {
    if (required.has(project) || (await hasProofFiles(root, project))) requests.push({ project, policy });
  }
  if (requests.length === 0 && unmatched.length > 0) return inOrder(unmatched);
  const names = new Set(Array.from(required, ({ name }) => name));
  const outcomes = await verifyMany(session, requests);
  return inOrder([...unmatched, ...outcomes.map((outcome) => (names.has(outcome.project) ? asRequired(outcome) : outcome))]);
}

/** What is a mistake of the caller elsewhere is a no here: the policy requires the proof that is not there. */
function asRequired(outcome: Outcome): Outcome {
  if (!('error' in outcome) || outcome.error.code !== 'PROOF_NOT_FOUND') return outcome;
  const { project, error } = outcome;
  const message = `the policy requires a proof of the project ${project}, and it has none`;
  return { project, error: new ProofError('REQUIRED_UNPROVED', message, { cause: error, details: { project } }) };
}

function verifyOne(run: Run, request: VerifyRequest): Promise<Verdict> {
  return operation(run.session.env, 'verify', async (current) => {
    const verdict = await judged(run, request);
    current.note('result', verdict.result);
    return verdict;
  });
}

async function judged(run: Run, { project, bundle }: VerifyRequest): Promise<Verdict> {
  if (bundle !== undefined) return (await judgeProof(run, project, bundle)).verdict;
  const { root } = run.session.workspace;
  await clearVerdict(root, project);
  const { verdict, vsa } = await run.judge(project);
  await writeVerdict(root, project, verdict, vsa);
  return verdict;
}

async function outcomeOf(run: Run, request: VerifyRequest): Promise<Outcome> {
  const project = request.project.name;
  try {
    return { project, verdict: await verifyOne(run, request) };
  } catch (error) {
    return { project, error: toProofError(error, `project ${project}`) };
  }
}

const inOrder = (outcomes: Outcome[]): Outcome[] => outcomes.sort((a, b) => compareBytes(a.project, b.project));

function unmatchedError(pattern: string): ProofError {
  return new ProofError('REQUIRED_UNMATCHED', `the policy requires ${JSON.stringify(pattern)}, and no project of the workspace matches it`, { details: { pattern } });
}
