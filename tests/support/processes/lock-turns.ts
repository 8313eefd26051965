import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFileAtomic } from '../../../src/files';
import { withLock } from '../../../src/lock';
import { publishByLink, publishByRename } from '../../../src/lock-file';

/**
 * program FOLDER MODE TURNS PUBLISH: reads, changes and writes FOLDER/state TURNS times and prints a token after each; with MODE hold takes the
 * lock and keeps it, with MODE block while its event loop stands still for TURNS ms.
 */
async function main([folder = '', mode = '', turns = '', publish = '']: readonly string[]): Promise<void> {
  const options = { waitMs: 30_000, signal: new AbortController().signal, publish: publish === 'rename' ? publishByRename : publishByLink };
  const lock = path.join(folder, 'lock');
  if (mode === 'turns') {
    for (let turn = 0; turn < Number(turns); turn += 1) await withLock(lock, options, () => takeTurn(folder, `${process.pid}.${turn}`));
    return;
  }
  await withLock(lock, options, async () => {
    process.stdout.write('held\n');
    await sleep(20);
    if (mode === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(turns));
    else await sleep(60_000);
    writeFileSync(path.join(folder, 'released'), '');
  });
}

async function takeTurn(folder: string, token: string): Promise<void> {
  const file = path.join(folder, 'state');
  const before = readFileSync(file, 'utf8');
  await sleep(Math.random() * 3);
  await writeFileAtomic(file, `${before}${token}\n`);
  process.stdout.write(`${token}\n`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
