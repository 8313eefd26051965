import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isMember, memberMatcher, readMemberPatterns } from '../../src/model/members';

interface NxMatching {
  buildPackageJsonPatterns(root: string): unknown;
  buildPackageJsonWorkspacesMatcher(patterns: unknown): (file: string) => boolean;
}

let root: string;
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'nx-proof-members-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const write = (name: string, content: unknown): Promise<void> => writeFile(path.join(root, name), typeof content === 'string' ? content : JSON.stringify(content));
const nx = createRequire(import.meta.url)(path.resolve('node_modules/nx/dist/src/plugins/package-json/create-nodes.js')) as NxMatching;

describe('readMemberPatterns', () => {
  it('when there is no package.json nobody is a member', async () => {
    await write('pnpm-workspace.yaml', 'packages: ["packages/*"]\n');
    expect(await readMemberPatterns(root)).toEqual({ include: [], exclude: [] });
  });

  it('when package.json has "workspaces" its globs decide', async () => {
    await write('package.json', { name: 'r', workspaces: ['packages/*', './apps/*', '!packages/legacy'] });
    const patterns = await readMemberPatterns(root);
    expect(patterns).toEqual({ include: ['packages/*/package.json', 'apps/*/package.json'], exclude: ['packages/legacy/package.json'] });
    expect(isMember(patterns, 'packages/a')).toBe(true);
    expect(isMember(patterns, 'packages/legacy')).toBe(false);
    expect(isMember(patterns, 'packages/a/nested')).toBe(false);
    expect(isMember(patterns, '.')).toBe(false);
  });

  it('when the root package.json has a field nx the root is a member', async () => {
    await write('package.json', { name: 'r', nx: {} });
    expect(isMember(await readMemberPatterns(root), '.')).toBe(true);
  });

  it('when pnpm-workspace.yaml excludes a package it is no member', async () => {
    await write('package.json', { name: 'r' });
    await write('pnpm-workspace.yaml', 'packages:\n  - "packages/**"\n  - "!packages/**/fixtures/**"\n');
    const member = memberMatcher(await readMemberPatterns(root));
    expect(member('packages/a')).toBe(true);
    expect(member('packages/a/fixtures/b')).toBe(false);
  });

  it('when a file of the list cannot be parsed it names it', async () => {
    await write('package.json', '{');
    await expect(readMemberPatterns(root)).rejects.toMatchObject({ code: 'WORKSPACE_INVALID', message: expect.stringContaining('package.json') as string });
    await write('package.json', { name: 'r' });
    await write('pnpm-workspace.yaml', 'packages: [');
    await expect(readMemberPatterns(root)).rejects.toMatchObject({ code: 'WORKSPACE_INVALID', message: expect.stringContaining('pnpm-workspace.yaml') as string });
    await write('pnpm-workspace.yaml', '');
    await write('lerna.json', 'x');
    await expect(readMemberPatterns(root)).rejects.toMatchObject({ code: 'WORKSPACE_INVALID', message: expect.stringContaining('lerna.json') as string });
  });

  it('when a file of the list cannot be read it fails', async () => {
    await mkdir(path.join(root, 'package.json'));
    await expect(readMemberPatterns(root)).rejects.toMatchObject({ code: 'EISDIR' });
  });

  const LISTS: { name: string; manifest: unknown; pnpm?: string; lerna?: unknown }[] = [
    { name: 'an object of workspaces', manifest: { workspaces: { packages: ['packages/*', 'tools/{a,b}'] } } },
    { name: 'exclusions alone', manifest: {}, pnpm: 'packages: ["!packages/b"]' },
    { name: 'exclusions alone with nx', manifest: { nx: {} }, pnpm: 'packages: ["!packages/b", "!.nx/**"]' },
    { name: 'a deep glob', manifest: { workspaces: ['**'] } },
    { name: 'a trailing slash', manifest: { workspaces: ['packages/*/', 'apps/web/package.json'] } },
    { name: 'parentheses, brackets and extglobs', manifest: { workspaces: ['apps/(web)/*', 'tools/+(a|b)', 'packages/[ab]'] } },
    { name: 'both lists', manifest: { workspaces: ['apps/*'] }, pnpm: 'packages:\n  - packages/*\n  - "!packages/a"\n' },
    { name: 'lerna', manifest: {}, lerna: {} },
    { name: 'lerna with packages', manifest: {}, lerna: { packages: ['tools/*'] } },
    { name: 'nonsense', manifest: { workspaces: 'packages/*' }, pnpm: '- 1', lerna: [] },
  ];
  const FOLDERS = ['.', 'packages', 'packages/a', 'packages/b', 'packages/.hidden', 'packages/a/deep', 'tools/a', 'tools/b', 'tools/ab', 'apps/web', 'apps/(web)/x', 'apps/web/x', 'a/b/c'];
  it.each(LISTS)('when the list is $name it agrees with Nx', async ({ manifest, pnpm, lerna }) => {
    await write('package.json', { name: 'r', ...(manifest as object) });
    if (pnpm !== undefined) await write('pnpm-workspace.yaml', pnpm);
    if (lerna !== undefined) await write('lerna.json', lerna);
    const theirs = nx.buildPackageJsonWorkspacesMatcher(nx.buildPackageJsonPatterns(root));
    const ours = memberMatcher(await readMemberPatterns(root));
    const asObject = (judge: (folder: string) => boolean): object => Object.fromEntries(FOLDERS.map((folder) => [folder, judge(folder)]));
    expect(asObject(ours)).toEqual(asObject((folder) => theirs(path.posix.join(folder, 'package.json'))));
  });
});
