import { mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { Env } from '../env';
import { ProofError, isProofError } from '../errors';
import { readDocument } from '../files';
import { createHasher } from '../hash';
import { requireArtifactKey, type SignedArtifact } from '../model/artifact-signature';
import { readSignatureBundle, type SignatureBundle } from '../model/bundle';
import { fingerprint, parseSpki } from '../model/keys';
import type { IdentitySigner } from '../model/types';
import type { Check, VerifiedSigner } from '../model/verdict';
import { userFolder } from '../user-folder';
import * as checks from '../verify';
import { checkCertificate } from '../verify/certificate';
import { checkManagedKey } from '../verify/managed-key';
import { identityPolicy } from './policy';
import { chooseTrust } from './trust-choice';
import { loadTrustMaterial, type TrustMaterial } from './trust-material';
import { MAX_KEY_BYTES } from './user-key';
import { findWorkspaceRoot } from './workspace';

/** A file by its absolute native path, or what is known of one: its sha256 in lowercase hex. */
export type ArtifactReference = { readonly file: string } | { readonly sha256: string };
/** A public key's file, absolute native path; or an identity, to be compared exactly. */
export type ExpectedSigner = { readonly key: string } | IdentitySigner;

export interface VerifyBundleRequest {
  /** Absolute native path. */
  readonly bundle: string;
  readonly artifact: ArtifactReference;
  readonly signer: ExpectedSigner;
  /** A trusted_root.json; the public-good Sigstore's, by TUF, unless set. */
  readonly trustedRoot?: string;
}

/** PASSED only when `signature`, `identity` and `subjects` are there and passed: the checks after one that failed are not made. */
export interface BundleVerdict {
  readonly result: 'PASSED' | 'FAILED';
  readonly checks: readonly Check[];
  readonly sha256: string;
  readonly signer?: VerifiedSigner;
}

/**
 * Verifies one Sigstore bundle about one artifact, whatever made it: a signature over the file, or over an in-toto statement that names it.
 * @throws ProofError BUNDLE_INVALID, BUNDLE_AMBIGUOUS, KEY_INVALID, TRUSTED_ROOT_INVALID, OPTION_INVALID, IO_ERROR, and as loadTrustMaterial does
 */
export async function verifyBundle(env: Env, request: VerifyBundleRequest): Promise<BundleVerdict> {
  const bundle = readSignatureBundle(await readDocument(request.bundle, { missing: 'PROOF_NOT_FOUND', what: 'bundle' }));
  const artifact = await readArtifact(env, request.artifact);
  // Before anything is verified: what another artifact's bundle proves is of no interest.
  const about = bundle.content.kind === 'message' ? checks.checkArtifact(bundle, artifact.sha256) : undefined;
  if (about?.status === 'failed') return { result: 'FAILED', checks: [about], sha256: artifact.sha256 };
  const trust = async (): Promise<TrustMaterial> => trustMaterialOf(env, request.trustedRoot);
  const { signer } = request;
  const signed = 'key' in signer ? await judgeKey(bundle, signer.key, trust, artifact) : await judgeIdentity(env, bundle, signer, trust, artifact);
  const all = signed.signer === undefined ? signed.checks : [...signed.checks, checks.checkArtifact(bundle, artifact.sha256)];
  const isPassed = signed.signer !== undefined && all.every(({ status }) => status === 'passed');
  return { result: isPassed ? 'PASSED' : 'FAILED', checks: all, sha256: artifact.sha256, ...(signed.signer && { signer: signed.signer }) };
}

/** `signer` is absent unless the signature verified and is by the signer that was asked for. */
interface Judged {
  readonly checks: readonly Check[];
  readonly signer?: VerifiedSigner;
}

async function judgeKey(bundle: SignatureBundle, file: string, trust: () => Promise<TrustMaterial>, artifact: SignedArtifact): Promise<Judged> {
  const key = parseSpki(await readDocument(file, { missing: 'KEY_NOT_FOUND', what: 'public key', maxBytes: MAX_KEY_BYTES }), path.basename(file));
  requireArtifactKey(key);
  const check = await checkManagedKey(bundle, key, trust, artifact);
  return check.status === 'passed' ? { checks: [check], signer: { kind: 'key', fingerprint: fingerprint(key) } } : { checks: [check] };
}

/** How messages name what the caller asked for, which is the whole of the policy. */
const RULE = '--certificate-identity';

async function judgeIdentity(env: Env, bundle: SignatureBundle, wanted: IdentitySigner, trust: () => Promise<TrustMaterial>, artifact: SignedArtifact): Promise<Judged> {
  const [rule] = identityPolicy(wanted).policy.rules;
  if (rule === undefined || bundle.material === 'publicKey') {
    return { checks: [checks.failed('signature', 'SIGNER_NOT_ALLOWED', 'a key signed it, and a signature by a certificate is asked for')] };
  }
  const { check, signature } = await checkCertificate(bundle, rule, RULE, trust, artifact);
  if (signature === undefined) return { checks: [check] };
  const identity = checks.checkCertificateIdentity(signature, rule, RULE, env.now());
  const all = [check, identity];
  const { claims } = signature;
  return identity.status === 'passed' ? { checks: all, signer: { kind: 'certificate', issuer: claims.issuer, identity: claims.identity } } : { checks: all };
}

/** The digest of the artifact; a file is streamed, and a link to it that the caller names is followed. */
async function readArtifact(env: Env, artifact: ArtifactReference): Promise<SignedArtifact> {
  if ('sha256' in artifact) return { sha256: artifact.sha256 };
  const file = await realpath(artifact.file);
  const hasher = createHasher({ concurrency: 1 });
  try {
    for await (const { sha256 } of hasher.hash(path.dirname(file), [path.basename(file)], { signal: env.signal })) {
      return { sha256, read: () => readDocument(file, { missing: 'IO_ERROR', what: 'artifact' }) };
    }
  } finally {
    await hasher.close();
  }
  throw new ProofError('IO_ERROR', `${file} was not read`);
}

/** The trust material of the file, or of the public-good Sigstore: never what a policy around the current folder says. */
async function trustMaterialOf(env: Env, trustedRoot: string | undefined): Promise<TrustMaterial> {
  const root = await cacheRoot(env, trustedRoot);
  const policy = await chooseTrust(identityPolicy({ issuer: 'none', identity: 'none' }), root, trustedRoot === undefined ? {} : { trustedRoot });
  return (await loadTrustMaterial(env, root, { policy })).material;
}

/** Where the trust root is remembered: in the workspace, or, outside of any, beside the user's keys. */
async function cacheRoot(env: Env, trustedRoot: string | undefined): Promise<string> {
  if (trustedRoot !== undefined) return env.cwd;
  try {
    return await findWorkspaceRoot(env.cwd);
  } catch (error) {
    if (!isProofError(error) || error.code !== 'WORKSPACE_NOT_FOUND') throw error;
    const folder = path.join(userFolder(env.env), 'bundles');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return folder;
  }
}
