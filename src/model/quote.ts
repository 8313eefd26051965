/** Where in a file a quote is to be looked for: lines from 1, both included. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
}

export interface QuoteFinding {
  /** The lines of the file, a last one without a newline included. */
  readonly lines: number;
  /** Whether the quote is in the lines of the range; true when there is none to look for. */
  readonly isFound: boolean;
}

const LF = 0x0a;
const CR = 0x0d;

/**
 * Looks for a quote in the lines of a text that comes in pieces. CRLF counts as LF, in the text and in the quote: git may check files out with either.
 * Holds no more than the length of the quote and one piece.
 */
export class QuoteScanner {
  readonly #needle: Buffer;
  readonly #range: LineRange;
  #line = 1;
  #isAtStart = true;
  #hasCarriageReturn = false;
  #tail = Buffer.alloc(0);
  #isFound: boolean;

  constructor(options: { readonly quote?: string | undefined; readonly lines?: LineRange | undefined }) {
    this.#needle = Buffer.from((options.quote ?? '').replaceAll('\r\n', '\n'));
    this.#range = options.lines ?? { start: 1, end: Number.MAX_SAFE_INTEGER };
    this.#isFound = this.#needle.length === 0;
  }

  add(chunk: Uint8Array): void {
    const text = this.#withoutCarriageReturns(chunk);
    if (text.length > 0) this.#scan(text);
  }

  end(): QuoteFinding {
    // A carriage return at the very end belongs to no CRLF.
    if (this.#hasCarriageReturn) this.#scan(Buffer.of(CR));
    this.#hasCarriageReturn = false;
    return { lines: this.#isAtStart ? this.#line - 1 : this.#line, isFound: this.#isFound };
  }

  /** What of the text lies in the range is one piece: it is searched at once, since lines may be many and the quote long. */
  #scan(text: Buffer): void {
    let from = this.#line >= this.#range.start ? 0 : text.length;
    let to = this.#line > this.#range.end ? 0 : text.length;
    for (let newline = text.indexOf(LF); newline !== -1; newline = text.indexOf(LF, newline + 1)) {
      this.#line += 1;
      if (this.#line === this.#range.start) from = newline + 1;
      if (this.#line === this.#range.end + 1) to = newline + 1;
    }
    this.#isAtStart = text.at(-1) === LF;
    if (from < to) this.#search(text.subarray(from, to));
  }

  #search(text: Buffer): void {
    if (this.#isFound) return;
    const window = Buffer.concat([this.#tail, text]);
    this.#isFound = window.includes(this.#needle);
    this.#tail = window.subarray(Math.max(0, window.length - this.#needle.length + 1));
  }

  #withoutCarriageReturns(chunk: Uint8Array): Buffer {
    const text = this.#hasCarriageReturn ? Buffer.concat([Buffer.of(CR), chunk]) : Buffer.from(chunk);
    this.#hasCarriageReturn = text.at(-1) === CR;
    const end = this.#hasCarriageReturn ? text.length - 1 : text.length;
    let written = 0;
    for (let read = 0; read < end; read += 1) {
      if (text[read] === CR && text[read + 1] === LF) continue;
      text[written] = text[read] ?? 0;
      written += 1;
    }
    return text.subarray(0, written);
  }
}
