import { createHash, type Hash } from 'node:crypto';
import type { ByteString } from './git';

/**
 * Digests the files of every project while they come by in byte order: sha256 over `<path> NUL <git object id> LF`, the path relative to the
 * workspace. A file belongs to the deepest project that contains it, as in Nx. Memory grows with the changed files only.
 */
export class ProjectDigests {
  /** By root. */
  readonly #hashes = new Map<ByteString, Hash>();
  readonly #digests = new Map<ByteString, string>();
  /** Changed files in byte order of their paths, and the next of them to come by. */
  readonly #changed: readonly (readonly [ByteString, string | undefined])[];
  readonly #ids: ReadonlyMap<ByteString, string | undefined>;
  #next = 0;
  /** The folder of the last file and the project that it counts for: files of a folder come one after another. */
  #folder: ByteString | undefined;
  #owner: Hash | undefined;

  /** `changed`: object ids by path of what differs from the index; undefined for a file that is gone. */
  constructor(roots: Iterable<string>, changed: ReadonlyMap<ByteString, string | undefined>) {
    for (const root of roots) this.#hashes.set(toBytes(root), createHash('sha256'));
    this.#changed = [...changed].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#ids = changed;
  }

  /** A file of the index; in byte order. */
  add(path: ByteString, id: string): void {
    this.#catchUp(path);
    if (!this.#ids.has(path)) this.#update(path, id);
  }

  /** After the last file. */
  finish(): this {
    this.#catchUp(undefined);
    for (const [root, hash] of this.#hashes) this.#digests.set(root, hash.digest('hex'));
    return this;
  }

  /** Lowercase hex; undefined for a root that was not given. */
  digest(root: string): string | undefined {
    return this.#digests.get(toBytes(root));
  }

  /** Adds the changed files that come before `path`. */
  #catchUp(path: ByteString | undefined): void {
    for (let entry = this.#changed[this.#next]; entry !== undefined; entry = this.#changed[this.#next]) {
      if (path !== undefined && entry[0] >= path) return;
      if (entry[1] !== undefined) this.#update(entry[0], entry[1]);
      this.#next += 1;
    }
  }

  #update(path: ByteString, id: string): void {
    const folder = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    if (folder !== this.#folder) {
      this.#folder = folder;
      this.#owner = this.#ownerOf(folder);
    }
    this.#owner?.update(`${path}\0${id}\n`, 'latin1');
  }

  /** The deepest project; none when a link has taken the place of a folder above: git then knows the link only, not what it leads to. */
  #ownerOf(folder: ByteString): Hash | undefined {
    let owner: Hash | undefined;
    for (let root = folder; root !== ''; root = root.slice(0, Math.max(0, root.lastIndexOf('/')))) {
      if (this.#ids.get(root) !== undefined) return undefined;
      owner ??= this.#hashes.get(root);
    }
    return owner ?? this.#hashes.get('.');
  }
}

const toBytes = (text: string): ByteString => Buffer.from(text).toString('latin1');
