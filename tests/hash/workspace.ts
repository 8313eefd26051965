import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import type { ArtifactScope } from '../../src/hash';

const made: string[] = [];
afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A real temporary folder, removed after the file's tests. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'nx-proof-hash-')));
  made.push(folder);
  return folder;
}

/** A workspace with these files: workspace-relative path to content. */
export function workspaceOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = temporaryFolder();
  for (const [file, content] of Object.entries(files)) write(root, file, content);
  return root;
}

export function write(root: string, file: string, content: string | Uint8Array = ''): void {
  const native = path.join(root, file);
  mkdirSync(path.dirname(native), { recursive: true });
  writeFileSync(native, content);
}

export function scopeOf(root: string, patterns: readonly string[], rest: Partial<ArtifactScope> = {}): ArtifactScope {
  return { root, project: { name: 'app', root: 'apps/app' }, patterns, members: [], ...rest };
}

export const never = new AbortController().signal;

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');

/** Every file below `folder`, found the slow and obvious way and sorted by the bytes of its whole path. */
export function naiveWalk(root: string, folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

export const naiveSha256 = (root: string, file: string): string => sha256(readFileSync(path.join(root, file)));
