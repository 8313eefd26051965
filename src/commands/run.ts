import { findRule } from '../model/policy';
import type { Project } from '../model/project';
import type { Rule } from '../model/types';
import type { Verdict } from '../model/verdict';
import type { Vsa } from '../model/vsa';
import type { LoadedPolicy } from './policy';
import type { Session } from './session';
import type { LoadedTrust } from './trust-material';

/** A verdict with what is written beside it. */
export interface Judgement {
  readonly verdict: Verdict;
  /** Absent when no statement could be verified: then there are no subjects to name. */
  readonly vsa?: Vsa;
}

/** What the verifications of one run under one policy share. */
export interface Run {
  readonly session: Session;
  readonly policy: LoadedPolicy;
  /** Judges the proof in the project's `.proof` folder, once, be it for itself or as a dependency. */
  judge(project: Project): Promise<Judgement>;
  /** The rule for the project; undefined when no rule names it. @throws ProofError GRAPH_REQUIRED */
  rule(project: Project): Rule | undefined;
  /**
   * What certificates are verified with, asked for when the first one comes: once, and the same for all.
   * @throws ProofError as loadTrustMaterial does
   */
  trust(): Promise<LoadedTrust>;
}

export function openRun(session: Session, policy: LoadedPolicy, judge: (run: Run, project: Project) => Promise<Judgement>): Run {
  const judgements = new Map<Project, Promise<Judgement>>();
  const rules = new Map<Project, Rule | undefined>();
  let trust: Promise<LoadedTrust> | undefined;
  const run: Run = {
    session,
    policy,
    judge(project) {
      const judgement = judgements.get(project) ?? judge(run, project);
      judgements.set(project, judgement);
      return judgement;
    },
    rule(project) {
      if (!rules.has(project)) rules.set(project, findRule(policy.policy, project));
      return rules.get(project);
    },
    trust: () => (trust ??= loadTrust(session, policy)),
  };
  return run;
}

/** What reads, stores and fetches trust roots is loaded for certificates alone. */
async function loadTrust({ env, workspace }: Session, policy: LoadedPolicy): Promise<LoadedTrust> {
  const { loadTrustMaterial } = await import('./trust-material');
  return loadTrustMaterial(env, workspace.root, { policy, ...(policy.offline === true && { offline: true }) });
}
