import { spawn } from 'node:child_process';
import { closeSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSameFile, isUnchanged, openFile } from '../../src/hash/open-file';
import { workspaceOf } from './workspace';

describe('openFile', () => {
  describe('when the platform has no O_NOFOLLOW', () => {
    it('it opens a regular file', async () => {
      const { fd, stats } = await openFile(workspaceOf({ a: 'xyz' }), 'a', 0);
      expect(stats.size).toBe(3n);
      closeSync(fd);
    });

    it('it refuses a link', async () => {
      const root = workspaceOf({ a: 'xyz' });
      symlinkSync(path.join(root, 'a'), path.join(root, 'link'));
      await expect(openFile(root, 'link', 0)).rejects.toMatchObject({ code: 'ARTIFACT_SYMLINK', details: { path: 'link' } });
    });

    it('it refuses a folder', async () => {
      await expect(openFile(workspaceOf({ 'd/a': '' }), 'd', 0)).rejects.toMatchObject({ code: 'ARTIFACT_KIND', details: { path: 'd' } });
    });

    it('it reports a missing file', async () => {
      await expect(openFile(workspaceOf({}), 'a', 0)).rejects.toMatchObject({ code: 'IO_ERROR', details: { path: 'a', errno: 'ENOENT' } });
    });

    it.runIf(process.platform === 'linux')('a file that is swapped again and again is opened as the one looked at, or refused', async () => {
      const root = workspaceOf({ a: 'one', b: 'two' });
      const swapper = 'const fs=require("fs");process.chdir(process.argv[1]);for(;;){fs.renameSync("a","c");fs.renameSync("b","a");fs.renameSync("c","b")}';
      const child = spawn(process.execPath, ['-e', swapper, root], { stdio: 'ignore' });
      try {
        const codes = new Set<string>();
        for (let turn = 0; turn < 20_000 && !codes.has('FILE_CHANGED'); turn += 1) {
          const outcome = await openFile(root, 'a', 0).catch((error: { code: string }) => error.code);
          if (typeof outcome === 'string') codes.add(outcome);
          else closeSync(outcome.fd);
        }
        expect(codes).toContain('FILE_CHANGED');
      } finally {
        child.kill('SIGKILL');
      }
    });
  });

  it.runIf(path.sep === '/')('when it is a socket, it refuses', async () => {
    const root = workspaceOf({});
    const server = createServer().listen(path.join(root, 'socket'));
    try {
      await expect(openFile(root, 'socket')).rejects.toMatchObject({ code: 'ARTIFACT_KIND', details: { path: 'socket' } });
    } finally {
      server.close();
    }
  });
});

describe('isUnchanged', () => {
  const state = { dev: 1n, ino: 2n, size: 3n, mtimeNs: 4n, ctimeNs: 5n };

  it('when all is as before, it is', () => {
    expect(isUnchanged(state, { ...state })).toBe(true);
  });

  it.each(Object.keys(state))('when %s differs by one, it is not', (field) => {
    expect(isUnchanged(state, { ...state, [field]: 99n })).toBe(false);
  });

  it.each(['dev', 'ino'])('when %s differs, it is another file', (field) => {
    expect(isSameFile(state, { ...state, [field]: 99n })).toBe(false);
  });
});
