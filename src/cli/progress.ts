import type { Session } from '../commands/session';
import type { Hasher } from '../hash';
import { count, formatBytes } from '../model/report';
import type { Host } from './host';
import type { Printer } from './printer';

const REDRAW_MS = 100;

/** A line on a terminal that tells what has been hashed, and how fast; elsewhere nothing, so that logs hold whole lines only. */
export class Progress {
  readonly #host: Host;
  readonly #started: number;
  #drawn = 0;
  #visible = false;
  #files = 0;
  #bytes = 0;

  constructor(host: Host) {
    this.#host = host;
    this.#started = host.now().getTime();
  }

  add(bytes: number): void {
    this.#files += 1;
    this.#bytes += bytes;
    const now = this.#host.now().getTime();
    if (now - this.#drawn < REDRAW_MS) return;
    this.#drawn = now;
    const perSecond = (this.#bytes * 1000) / Math.max(1, now - this.#started);
    this.#draw(`${count(this.#files, 'file')}, ${formatBytes(this.#bytes)}, ${formatBytes(perSecond)}/s`);
  }

  /** Takes the line away; called before anything else is printed. */
  clear(): void {
    if (this.#visible) this.#host.stderr.write('\r\x1b[K');
    this.#visible = false;
  }

  #draw(text: string): void {
    this.#host.stderr.write(`\r\x1b[K${text.slice(0, Math.max(10, (this.#host.stderr.columns ?? 80) - 1))}`);
    this.#visible = true;
  }
}

/** The session, with a hasher that reports to the progress line; the session itself where no line is drawn. */
export function withProgress(session: Session, host: Host, printer: Printer): { session: Session; clear: () => void } {
  if (!printer.redraws) return { session, clear: () => undefined };
  const progress = new Progress(host);
  return { session: { ...session, hasher: reporting(session.hasher, progress) }, clear: () => progress.clear() };
}

function reporting(hasher: Hasher, progress: Progress): Hasher {
  return {
    get bytesRead() {
      return hasher.bytesRead;
    },
    close: () => hasher.close(),
    async *hash(root, paths, options) {
      for await (const digest of hasher.hash(root, paths, options)) {
        progress.add(digest.size);
        yield digest;
      }
    },
  };
}
