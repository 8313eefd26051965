import { parentPort, workerData } from 'node:worker_threads';
import { FolderGuard } from './folders';
import { hashFileSync, type SyncReading } from './hash-file';
import type { HashedFile } from './hasher';
import { BYTES_PER_ORDER, toFailure, WORKER_BUFFER_BYTES, type Answer, type Order } from './protocol';

// The entry of a worker thread. It may block, so it reads synchronously, one file at a time: that is several times faster for small files.

const buffer = Buffer.allocUnsafeSlow(WORKER_BUFFER_BYTES);
/** Bytes read by all workers of the pool, shared. */
const { read } = workerData as { readonly read: BigInt64Array };

function work({ id, root, paths, stop, ...options }: Order): Answer {
  const folders = new FolderGuard(root);
  const digests: HashedFile[] = [];
  let left = BYTES_PER_ORDER;
  const reading: SyncReading = {
    ...options,
    buffer,
    stopped: () => Atomics.load(stop, 0) !== 0,
    onRead: (bytes) => void Atomics.add(read, 0, BigInt(bytes)),
    // What comes before a large file does not wait for it.
    accepts: (size) => size <= left || digests.length === 0,
  };
  try {
    for (const path of paths.split('\0')) {
      folders.checkSync(path);
      const digest = hashFileSync(root, path, reading);
      if (digest === undefined) break;
      digests.push(digest);
      left -= digest.size;
    }
    return { id, digests };
  } catch (error) {
    return { id, digests, failure: toFailure(error) };
  }
}

parentPort?.on('message', (order: Order) => parentPort?.postMessage(work(order)));
parentPort?.postMessage('ready');
