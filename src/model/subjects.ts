import type { Statement, Subject } from './types';

/** The subjects of a statement by what they stand for. */
export interface SplitSubjects {
  /** Subjects of single files by name, without the manifest. */
  readonly files: ReadonlyMap<string, Subject>;
  /** `dirHash` of the artifact roots that are folders. */
  readonly folders: ReadonlyMap<string, string>;
  /** The subject of create/manifest.json, which then names the files in the place of subjects. */
  readonly manifest: Subject | undefined;
  /** Whether any file has a sha512 to compare. */
  readonly sha512: boolean;
}

/** @param manifestPath where the project's manifest lies, workspace-relative */
export function splitSubjects(statement: Statement, manifestPath: string): SplitSubjects {
  const files = new Map<string, Subject>();
  const folders = new Map<string, string>();
  for (const subject of statement.subject) {
    if (subject.digest.dirHash === undefined) files.set(subject.name, subject);
    else folders.set(subject.name, subject.digest.dirHash);
  }
  const sha512 = [...files.values()].some(({ digest }) => digest.sha512 !== undefined);
  const manifest = files.get(manifestPath);
  files.delete(manifestPath);
  return { files, folders, manifest, sha512 };
}
