import { ProofError } from '../../errors';
import { toWorkspacePath } from '../../files';
import type { Project } from '../../model/project';
import type { ProofEnvelope } from '../../model/types';
import type { EnvelopeVerdict } from '../../model/verdict';
import { linkTrace, operation } from '../../telemetry';
import type { LoadedPolicy } from '../policy';
import { openRun } from '../run';
import type { Session } from '../session';
import { judgeProof } from '../verification';
import { judgeEnvelope, type Jurisdiction } from './judge';
import type { Bounds } from './locate';
import { memberAround, refuseTargetProof } from './place';
import { readEnvelopeFile } from './read';

export interface EnvelopeVerifierOptions {
  /** The policy, or why there is none: thrown when there is a signature to judge. */
  readonly policy: LoadedPolicy | ProofError;
  /** The project whose rule counts; the member around the proof unless set. */
  readonly project?: Project;
  /** Let hashes decide about an envelope that nobody signed. */
  readonly allowUnsigned?: boolean;
}

/** What is verified: an envelope in memory, or the one in its file. */
export interface EnvelopeToVerify {
  /** As the verdict names it. */
  readonly proof: string;
  /** Absolute native path of the envelope, or of the folder that it is verified in. */
  readonly file: string;
  readonly envelope?: ProofEnvelope;
}

/**
 * Verifies envelopes one by one that share what they have in common.
 * @throws ProofError OPTION_INVALID for a file of a `.proof` folder, PROOF_NOT_FOUND, JSON_INVALID, ENVELOPE_INVALID, FILE_TOO_LARGE, PATH_OUTSIDE,
 * PROJECT_UNKNOWN, POLICY_NOT_FOUND, GRAPH_REQUIRED, TRUST_UNAVAILABLE, IO_ERROR, FILE_CHANGED, ABORTED: no verdict could be reached
 */
export function openEnvelopeVerifier(session: Session, bounds: Bounds, options: EnvelopeVerifierOptions): (subject: EnvelopeToVerify) => Promise<EnvelopeVerdict> {
  const { policy } = options;
  const run = policy instanceof ProofError ? undefined : openRun(session, policy, judgeProof);
  const jurisdiction = (file: string): Jurisdiction => {
    if (run === undefined) throw policy;
    // A signer that was named outright is accepted for everything; a policy makes a difference between projects.
    if (run.policy.file === undefined) return { run, project: EVERYTHING, has: () => true };
    const project = options.project ?? projectOf(session, file);
    return { run, project, has: ({ isInWorkspace, name }) => isInWorkspace && memberAround(session.workspace, name) === project };
  };
  return ({ proof, file, envelope }) =>
    operation(session.env, 'verify', async (current) => {
      refuseTargetProof(bounds.root, file);
      const read = envelope ?? (await readEnvelopeFile(file));
      linkTrace(read.trace);
      const verdict = await judgeEnvelope({ proof, envelope: read, session, bounds, jurisdiction: () => jurisdiction(file), allowUnsigned: options.allowUnsigned === true });
      current.note('result', verdict.result);
      return verdict;
    });
}

/** Stands for all projects under a rule that names none. */
const EVERYTHING: Project = { name: '*', root: '.', tags: [], artifacts: undefined, dependencies: undefined };

function projectOf({ workspace }: Session, file: string): Project {
  const relative = toWorkspacePath(workspace.root, file);
  const project = relative === undefined ? undefined : memberAround(workspace, relative);
  if (project !== undefined) return project;
  throw new ProofError('PROJECT_UNKNOWN', `${file} lies in no project of ${workspace.root}; say with --project NAME whose rule counts, or name the signer instead of a policy`, { details: { file } });
}
