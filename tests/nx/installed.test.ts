import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadDevkit } from '../../src/nx/devkit';
import { installedName, pluginPackages, supportedNxVersion } from '../../src/nx/installed';
import { VERSION } from '../../src/version';
import { temporaryFolder, writeFiles } from '../support/folder';

describe('installedName', () => {
  it('when a candidate leads to this package it is that', () => {
    const root = temporaryFolder();
    const home = path.join(root, 'node_modules', '.pnpm', 'nx-proof@1', 'node_modules', 'nx-proof');
    mkdirSync(home, { recursive: true });
    mkdirSync(path.join(root, 'node_modules', '@acme'));
    symlinkSync(home, path.join(root, 'node_modules', 'proof'), 'junction');
    symlinkSync(home, path.join(root, 'node_modules', '@acme', 'proof'), 'junction');
    mkdirSync(path.join(root, 'node_modules', 'other'));
    expect(installedName(root, ['missing', 'other', 'proof'], home)).toBe('proof');
    expect(installedName(root, ['@acme/proof'], home)).toBe('@acme/proof');
    expect(installedName(root, ['nx-proof', 'proof'], home)).toBe('proof');
    expect(installedName(root, ['missing', 'other'], home)).toBe('nx-proof');
  });

  it('when nothing is said of where this package lies it finds out', () => {
    const root = temporaryFolder();
    mkdirSync(path.join(root, 'node_modules'));
    symlinkSync(process.cwd(), path.join(root, 'node_modules', 'proof'), 'junction');
    expect(installedName(root, ['proof'])).toBe('proof');
  });
});

describe('pluginPackages', () => {
  it('when nx.json lists plugins it names their packages', () => {
    expect(pluginPackages(['@nx/js', 'nx-proof/plugin', { plugin: 'proof/plugin', options: {} }, { plugin: '@a/b/plugin' }, 7, null])).toEqual(['nx-proof', 'proof', '@a/b']);
    expect(pluginPackages(undefined)).toEqual([]);
  });
});

describe('supportedNxVersion', () => {
  const withNx = async (version: string): Promise<string> => {
    const root = temporaryFolder();
    await writeFiles(root, { 'node_modules/nx/package.json': JSON.stringify({ name: 'nx', version }) });
    return root;
  };

  it.each(['23.3.0', '23.3.2', '23.10.0', '24.0.6', '24.1.0-beta.1', '25.0.0'])('when nx is %s it is that', async (version) => {
    expect(supportedNxVersion(await withNx(version))).toBe(version);
  });

  it.each(['23.2.9', '22.7.12', '9.0.0', 'unknown'])('when nx is %s it is refused', async (version) => {
    const root = await withNx(version);
    expect(() => supportedNxVersion(root)).toThrow(expect.objectContaining({ code: 'NX_UNSUPPORTED', message: `nx-proof needs nx 23.3 or later; this workspace has ${version}` }) as Error);
  });

  it('when the workspace has no nx of its own it is the one beside this package', () => {
    const { version } = JSON.parse(readFileSync('node_modules/nx/package.json', 'utf8')) as { version: string };
    expect(supportedNxVersion('/virtual')).toBe(version);
  });
});

describe('loadDevkit', () => {
  const NX = {
    'node_modules/nx/package.json': '{"name":"nx","exports":{"./src/*":"./dist/src/*.js"}}',
    'node_modules/nx/dist/src/devkit-exports.js': 'exports.workspaceRoot = "of nx";',
  };

  it('when the workspace has @nx/devkit it is that', async () => {
    const root = temporaryFolder();
    await writeFiles(root, { ...NX, 'node_modules/@nx/devkit/index.js': 'exports.workspaceRoot = "of the devkit";' });
    expect(loadDevkit(root).workspaceRoot).toBe('of the devkit');
  });

  it('when it has nx alone it is the part that nx has', async () => {
    const root = temporaryFolder();
    await writeFiles(root, NX);
    expect(loadDevkit(root).workspaceRoot).toBe('of nx');
  });

  it('when it has neither it is the one beside this package', () => {
    expect(loadDevkit('/virtual').getProjects).toBeTypeOf('function');
  });
});

describe('VERSION', () => {
  it('is that of package.json', () => {
    expect(VERSION).toBe((JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version);
  });
});
