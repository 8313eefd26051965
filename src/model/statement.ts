import { ProofError } from '../errors';
import { compareBytes, type FileDigest } from './digest';
import type { Statement as StatementType } from './generated/statement';
import { validateStatement } from './generated/validators.cjs';
import { jsonDocument, parseJson } from './json';
import type { ResourceDescriptor, Statement, Subject } from './types';
import { workspaceUri } from './uri';
import { validated } from './validation';

export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const PREDICATE_TYPE = 'https://slsa.dev/provenance/v1';
/** Documented in docs/build-type.md. */
export const BUILD_TYPE = 'https://cortex-os.brainwav/nx-proof/build/nx-target/v1';
/** Names of the entries of resolvedDependencies and byproducts. */
export const DESCRIPTOR = {
  repository: 'repository',
  lockfile: 'lockfile',
  envelope: 'proof-envelope',
  source: (project: string) => `source:${project}`,
  project: (project: string) => `nx:${project}`,
} as const;

export interface StatementInput {
  /** In byte order of their paths. */
  readonly files: readonly FileDigest[];
  readonly folders: readonly { readonly path: string; readonly dirHash: string }[];
  readonly project: { readonly name: string; readonly root: string };
  readonly target: string;
  readonly configuration: string | undefined;
  readonly artifacts: readonly string[];
  readonly versions: { readonly nx: string; readonly nxProof: string };
  readonly builder: { readonly id: string; readonly invocationId?: string };
  /** RFC 3339, UTC. */
  readonly time: string;
  readonly source: { readonly repository: string | undefined; readonly commit: string; readonly dirty: boolean; readonly sha256: string };
  readonly lockfile: { readonly path: string; readonly sha256: string } | undefined;
  /** Direct workspace dependencies; sha256 of their statements, undefined where there is none. */
  readonly dependencies: readonly { readonly name: string; readonly root: string; readonly sha256: string | undefined }[];
  /** sha256 of the proof envelope without attestations. */
  readonly envelopeSha256: string;
}

/** in-toto Statement v1 with SLSA v1 provenance; the same input gives the same bytes. */
export function buildStatement(input: StatementInput): Statement {
  const { project, configuration, versions, builder, time } = input;
  return {
    _type: STATEMENT_TYPE,
    subject: [...input.files.map(fileSubject), ...input.folders.map(({ path, dirHash }) => ({ name: path, digest: { dirHash } }))],
    predicateType: PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          project: project.name,
          target: input.target,
          ...(configuration === undefined ? {} : { configuration }),
          artifacts: [...input.artifacts],
        },
        internalParameters: { nx: versions.nx, nxProof: versions.nxProof },
        resolvedDependencies: resolvedDependencies(input),
      },
      runDetails: {
        builder: { id: builder.id },
        metadata: { ...(builder.invocationId === undefined ? {} : { invocationId: builder.invocationId }), startedOn: time, finishedOn: time },
        byproducts: [{ name: DESCRIPTOR.envelope, digest: { sha256: input.envelopeSha256 } }],
      },
    },
  };
}

function fileSubject({ path, sha256, sha512 }: FileDigest): Subject {
  return { name: path, digest: sha512 === undefined ? { sha256 } : { sha256, sha512 } };
}

function resolvedDependencies({ source, project, lockfile, dependencies }: StatementInput): ResourceDescriptor[] {
  const repository: ResourceDescriptor = {
    name: DESCRIPTOR.repository,
    ...(source.repository === undefined ? {} : { uri: source.repository }),
    digest: { gitCommit: source.commit },
    annotations: { dirty: source.dirty },
  };
  const sources: ResourceDescriptor = { name: DESCRIPTOR.source(project.name), uri: workspaceUri(project.root, 'folder'), digest: { sha256: source.sha256 } };
  const lock = lockfile === undefined ? [] : [{ name: DESCRIPTOR.lockfile, uri: workspaceUri(lockfile.path), digest: { sha256: lockfile.sha256 } }];
  const projects = [...dependencies].sort((a, b) => compareBytes(a.name, b.name)).map(({ name, root, sha256 }) => ({
    name: DESCRIPTOR.project(name),
    uri: workspaceUri(root, 'folder'),
    ...(sha256 === undefined ? { annotations: { proof: 'none' } } : { digest: { sha256 } }),
  }));
  return [repository, sources, ...lock, ...projects];
}

/**
 * Reads a statement of the nx-target build type. Only the bytes that nx-proof itself would write are accepted
 * (RFC 8785 and one newline), so that no two readers can see different members in them.
 * @throws ProofError JSON_INVALID, STATEMENT_INVALID
 */
export function readStatement(bytes: Uint8Array): Statement {
  const statement = validated<StatementType>(validateStatement, parseJson(bytes, 'statement'), 'statement', 'STATEMENT_INVALID');
  if (!Buffer.from(jsonDocument(statement)).equals(bytes)) {
    throw new ProofError('STATEMENT_INVALID', 'statement: the bytes are not RFC 8785 canonical JSON followed by one newline');
  }
  const seen = new Set<string>();
  statement.subject.forEach(({ name, digest }, index) => {
    const field = `/subject/${index}`;
    if (seen.has(name)) throw new ProofError('STATEMENT_INVALID', `statement: ${field} has the name of another subject: ${name}`, { details: { field } });
    if ((digest.sha256 === undefined) === (digest.dirHash === undefined)) {
      throw new ProofError('STATEMENT_INVALID', `statement: ${field}/digest must have either sha256 or dirHash`, { details: { field: `${field}/digest` } });
    }
    seen.add(name);
  });
  return statement;
}

/** The entry of that name, or undefined when there is none. */
export function findDescriptor(descriptors: readonly ResourceDescriptor[], name: string): ResourceDescriptor | undefined {
  return descriptors.find((descriptor) => descriptor.name === name);
}
