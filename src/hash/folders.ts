import { lstatSync, type Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { isWithin, lstatIfExists, toNative } from '../files';
import { accessError, kindError, symlinkError } from './refusals';
import { componentsOf } from './paths';

/**
 * What lies at a workspace-relative path; undefined when nothing does. The workspace root itself may be a symbolic link.
 * @throws ProofError ARTIFACT_SYMLINK when the path or a component above it is a link; ARTIFACT_KIND, IO_ERROR
 */
export async function kindOf(root: string, relative: string): Promise<'file' | 'folder' | undefined> {
  let kind: 'file' | 'folder' = 'folder';
  for (const component of componentsOf(relative)) {
    if (kind === 'file') return undefined;
    const stats = await lstatAt(root, component);
    if (stats === undefined) return undefined;
    if (stats.isSymbolicLink()) throw symlinkError(component);
    if (!stats.isFile() && !stats.isDirectory()) throw kindError(component);
    kind = stats.isFile() ? 'file' : 'folder';
  }
  return kind;
}

async function lstatAt(root: string, relative: string): Promise<Stats | undefined> {
  try {
    return await lstatIfExists(toNative(root, relative));
  } catch (error) {
    throw accessError(error, relative);
  }
}

/**
 * Refuses files below symbolic links, which O_NOFOLLOW alone does not: it looks at the last component only. Remembers the folder it
 * saw last, so that files in order cost one lstat a folder.
 */
export class FolderGuard {
  readonly #root: string;
  #seen = '.';

  constructor(root: string) {
    this.#root = root;
  }

  /** @throws ProofError ARTIFACT_SYMLINK naming the link; IO_ERROR naming the file when a folder above it is gone or cannot be looked at */
  async check(file: string): Promise<void> {
    for (const folder of this.#unseen(file)) this.#accept(folder, await lstat(toNative(this.#root, folder)).catch((error: unknown) => refuse(error, file)));
  }

  /** check for a thread that may block. */
  checkSync(file: string): void {
    for (const folder of this.#unseen(file)) {
      try {
        this.#accept(folder, lstatSync(toNative(this.#root, folder)));
      } catch (error) {
        refuse(error, file);
      }
    }
  }

  #unseen(file: string): readonly string[] {
    const folder = file.slice(0, Math.max(0, file.lastIndexOf('/')));
    if (folder === '' || isWithin(folder, this.#seen)) return [];
    return componentsOf(folder).filter((component) => !isWithin(component, this.#seen));
  }

  #accept(folder: string, stats: Stats): void {
    if (stats.isSymbolicLink()) throw symlinkError(folder);
    this.#seen = folder;
  }
}

function refuse(error: unknown, file: string): never {
  throw accessError(error, file);
}
