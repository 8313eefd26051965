import type { Builder } from './builder';
import { DESCRIPTOR, PREDICATE_TYPE, STATEMENT_TYPE } from './statement';
import type { DigestSet, Evidence, ProofEnvelope, ResourceDescriptor } from './types';
import { workspaceUri } from './uri';

/** Documented in docs/build-type.md. */
export const ENVELOPE_BUILD_TYPE = 'https://cortex-os.brainwav/nx-proof/build/envelope/v1';

/** in-toto Statement v1 with SLSA v1 provenance of the envelope build type. */
export interface EnvelopeStatement {
  readonly _type: typeof STATEMENT_TYPE;
  readonly subject: readonly { readonly name: string; readonly digest: { readonly sha256: string } }[];
  readonly predicateType: typeof PREDICATE_TYPE;
  readonly predicate: {
    readonly buildDefinition: {
      readonly buildType: typeof ENVELOPE_BUILD_TYPE;
      readonly externalParameters: { readonly artifact: string };
      readonly resolvedDependencies: ResourceDescriptor[];
    };
    readonly runDetails: {
      readonly builder: { readonly id: string };
      readonly metadata: { readonly invocationId?: string; readonly startedOn: string; readonly finishedOn: string };
      readonly byproducts: ResourceDescriptor[];
    };
  };
}

export interface EnvelopeStatementInput {
  readonly envelope: ProofEnvelope;
  /** envelopeBinding of the envelope. */
  readonly envelopeSha256: string;
  /** The artifact and the files of the bundle, each once: workspace paths, or file URLs of those outside of the workspace. */
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
  readonly builder: Builder;
}

/** The statement that is signed of an envelope: derived from it alone, but for the builder. The same input gives the same bytes. */
export function buildEnvelopeStatement({ envelope, envelopeSha256, files, builder }: EnvelopeStatementInput): EnvelopeStatement {
  const time = envelope.issuedAt;
  return {
    _type: STATEMENT_TYPE,
    subject: files.map(({ name, sha256 }) => ({ name, digest: { sha256 } })),
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: ENVELOPE_BUILD_TYPE,
        externalParameters: { artifact: envelope.artifact.uri },
        resolvedDependencies: envelope.evidence.map(describeEvidence),
      },
      runDetails: {
        builder: { id: builder.id },
        metadata: { ...(builder.invocationId === undefined ? {} : { invocationId: builder.invocationId }), startedOn: time, finishedOn: time },
        byproducts: [{ name: DESCRIPTOR.envelope, digest: { sha256: envelopeSha256 } }],
      },
    },
  };
}

/** Named by its place: the envelope chooses no names, which others could be looked up by. */
function describeEvidence(evidence: Evidence, index: number): ResourceDescriptor {
  const sha256 = evidence.type === 'file' ? evidence.blobSha256 : evidence.snapshot?.bodySha256;
  const digest: DigestSet | undefined = sha256 === undefined ? undefined : { sha256 };
  return { name: `evidence:${index}`, uri: evidence.type === 'url' ? evidence.href : pathUri(evidence.path), ...(digest === undefined ? {} : { digest }) };
}

/** Paths of evidence are relative to the workspace; the tool before nx-proof took URIs as well. */
const pathUri = (path: string): string => (/^(file|workspace):/.test(path) ? path : workspaceUri(path));
