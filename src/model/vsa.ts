import { DESCRIPTOR, findDescriptor, STATEMENT_TYPE } from './statement';
import type { Project } from './project';
import type { Statement, Subject } from './types';
import { workspaceUri } from './uri';
import type { Verdict } from './verdict';

export const VSA_PREDICATE_TYPE = 'https://slsa.dev/verification_summary/v1';
/** Names this verifier to those who read its summaries. */
export const VERIFIER_ID = 'https://cortex-os.brainwav/nx-proof/verifier/v1';

export interface VsaInput {
  readonly project: Pick<Project, 'name' | 'root'>;
  readonly result: Verdict['result'];
  /** The statement that was verified, or found wrong after its signature was verified. */
  readonly statement: Statement;
  readonly policy: { readonly uri: string; readonly sha256: string };
  /** The bundle that was read. */
  readonly bundle: { readonly uri: string; readonly sha256: string };
  readonly time: Date;
}

/** A SLSA Verification Summary Attestation, https://slsa.dev/spec/v1.0/verification_summary; unsigned: it is for people, not evidence. */
export interface Vsa {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly Subject[];
  readonly predicateType: typeof VSA_PREDICATE_TYPE;
  readonly predicate: {
    readonly verifier: { readonly id: string };
    readonly timeVerified: string;
    readonly resourceUri: string;
    readonly policy: { readonly uri: string; readonly digest: { readonly sha256: string } };
    readonly inputAttestations: readonly { readonly uri: string; readonly digest: { readonly sha256: string } }[];
    readonly verificationResult: Verdict['result'];
    readonly verifiedLevels: readonly string[];
    readonly slsaVersion: '1.0';
  };
}

/** The summary of a verdict. SLSA Build L1 is what nx-proof claims for a proof that passed, and nothing for one that did not. */
export function buildVsa({ project, result, statement, policy, bundle, time }: VsaInput): Vsa {
  return {
    _type: STATEMENT_TYPE,
    subject: statement.subject,
    predicateType: VSA_PREDICATE_TYPE,
    predicate: {
      verifier: { id: VERIFIER_ID },
      timeVerified: time.toISOString(),
      resourceUri: resourceUri(project, statement),
      policy: { uri: policy.uri, digest: { sha256: policy.sha256 } },
      inputAttestations: [{ uri: bundle.uri, digest: { sha256: bundle.sha256 } }],
      verificationResult: result,
      verifiedLevels: result === 'PASSED' ? ['SLSA_BUILD_LEVEL_1'] : [],
      slsaVersion: '1.0',
    },
  };
}

/** `git+https://host/path@commit#project`; without a remote `workspace:/<root>#project`. */
function resourceUri(project: VsaInput['project'], statement: Statement): string {
  const repository = findDescriptor(statement.predicate.buildDefinition.resolvedDependencies, DESCRIPTOR.repository);
  const commit = repository?.digest?.['gitCommit'];
  const fragment = encodeURIComponent(project.name);
  if (repository?.uri === undefined || commit === undefined) return `${workspaceUri(project.root)}#${fragment}`;
  return `${repository.uri}@${commit}#${fragment}`;
}
