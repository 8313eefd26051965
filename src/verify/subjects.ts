import type { ProofError } from '../errors';
import { compareBytes, type FileDigest } from '../model/digest';
import { count } from '../model/report';
import type { SplitSubjects } from '../model/subjects';
import type { Subject } from '../model/types';
import type { Check, RefusalCode } from '../model/verdict';
import { failed, NameList, passed } from './check';

type Digested = Pick<FileDigest, 'path' | 'sha256' | 'sha512'>;

/** Where the artifacts and the statement differ. */
export class Differences {
  readonly mismatched = new NameList();
  readonly missing = new NameList();
  readonly extra = new NameList();

  get none(): boolean {
    return this.mismatched.total + this.missing.total + this.extra.total === 0;
  }
}

/** Compares files with their subjects in both directions. */
export async function compareFiles(expected: ReadonlyMap<string, Subject>, found: AsyncIterable<Digested>, differences: Differences): Promise<void> {
  const missing = new Set(expected.keys());
  for await (const file of found) {
    const subject = expected.get(file.path);
    missing.delete(file.path);
    if (subject === undefined) differences.extra.add(file.path);
    else if (!matchesSubject(file, subject)) differences.mismatched.add(file.path);
  }
  for (const name of missing) differences.missing.add(name);
}

/** Every digest that the subject has of those we know must be right, and sha256 must be there (in-toto DigestSet: others are ignored). */
export function matchesSubject({ sha256, sha512 }: Pick<Digested, 'sha256' | 'sha512'>, { digest }: Subject): boolean {
  return digest.sha256 === sha256 && (digest.sha512 === undefined || digest.sha512 === sha512);
}

/** Compares two lists of files, each in byte order of the paths, without holding either. */
export async function compareSorted(expected: AsyncIterable<Digested>, found: AsyncIterable<Digested>, differences: Differences): Promise<void> {
  const proved = expected[Symbol.asyncIterator]();
  try {
    let next = await proved.next();
    for await (const file of found) {
      for (; next.done !== true && compareBytes(next.value.path, file.path) < 0; next = await proved.next()) differences.missing.add(next.value.path);
      if (next.done === true || next.value.path !== file.path) {
        differences.extra.add(file.path);
        continue;
      }
      if (next.value.sha256 !== file.sha256) differences.mismatched.add(file.path);
      next = await proved.next();
    }
    for (; next.done !== true; next = await proved.next()) differences.missing.add(next.value.path);
  } finally {
    await proved.return?.();
  }
}

/** Compares artifact roots that are folders in both directions; named only when no file explains the difference. */
export function compareFolders(expected: ReadonlyMap<string, string>, found: readonly { readonly path: string; readonly dirHash: string }[], differences: Differences): void {
  if (!differences.none) return;
  const missing = new Set(expected.keys());
  for (const { path, dirHash } of found) {
    missing.delete(path);
    if (!expected.has(path)) differences.extra.add(path);
    else if (expected.get(path) !== dirHash) differences.mismatched.add(path);
  }
  for (const path of missing) differences.missing.add(path);
}

/** The verdict on the artifacts: each proved file is there as it was proved, and nothing else is. */
export function checkSubjects({ mismatched, missing, extra, none }: Differences, summary: { readonly files: number; readonly bytes: number }): Check<'subjects'> {
  if (none) return passed('subjects', `${count(summary.files, 'file')}, ${count(summary.bytes, 'byte')}: each as it was proved, and no others`, { ...summary });
  const parts: [RefusalCode, string, NameList][] = [
    ['SUBJECT_MISMATCH', 'not as proved', mismatched],
    ['SUBJECT_MISSING', 'missing', missing],
    ['SUBJECT_EXTRA', 'not proved', extra],
  ];
  const wrong = parts.filter(([, , names]) => names.total > 0);
  const code = wrong[0]?.[0] ?? 'SUBJECT_MISMATCH';
  const details = { mismatched: mismatched.shown, missing: missing.shown, extra: extra.shown, total: mismatched.total + missing.total + extra.total };
  return failed('subjects', code, wrong.map(([, what, names]) => `${what}: ${names.toString()}`).join('; '), details);
}

/** The manifest, or one of the files, cannot stand for what was proved. */
export function refuseManifest(code: RefusalCode, path: string, what: string): Check<'subjects'> {
  return failed('subjects', code, `${path} ${what}`, { path });
}

const PLANTED: ReadonlySet<string> = new Set(['ARTIFACT_SYMLINK', 'ARTIFACT_KIND', 'ARTIFACT_NAME', 'ARTIFACT_ROOTS', 'NESTED_PACKAGE']);

/**
 * What a walk that found something unprovable means for a proof: a link, device, foreign project or impossible name lies where only proved files may,
 * or nothing is left. undefined when the error is no answer, and has to be thrown.
 */
export function refuseArtifacts(error: ProofError, subjects: SplitSubjects): Check<'subjects'> | undefined {
  const { path } = error.details;
  const details = { code: error.code, ...(typeof path === 'string' ? { path } : {}) };
  if (error.code === 'ARTIFACTS_EMPTY') {
    const names = NameList.of(subjects.manifest === undefined ? subjects.files.keys() : subjects.folders.keys());
    return failed('subjects', 'SUBJECT_MISSING', `missing: ${names.toString()} (${error.code}: ${error.message})`, { ...details, missing: names.shown });
  }
  if (!PLANTED.has(error.code)) return undefined;
  const isSubject = typeof path === 'string' && (subjects.files.has(path) || subjects.folders.has(path));
  return failed('subjects', isSubject ? 'SUBJECT_MISMATCH' : 'SUBJECT_EXTRA', `${error.message} (${error.code})`, details);
}
