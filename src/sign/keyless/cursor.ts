import { invalidAnswer, type Service } from './service';

/** Refuses a document, with what is wrong and where. */
type Refuse = (problem: string) => never;

/** A place in a JSON document of somebody else's: reads what is needed there, and ignores the rest. */
export class Cursor {
  readonly #value: unknown;
  readonly #path: string;
  readonly #refuse: Refuse;

  constructor(value: unknown, refuse: Refuse, path = '') {
    this.#value = value;
    this.#path = path;
    this.#refuse = refuse;
  }

  /** The answer of a service; whatever is wrong with it is SERVICE_INVALID. */
  static ofReply(body: Buffer, service: Service): Cursor {
    const refuse: Refuse = (problem) => invalidAnswer(service, `gave an answer that is not understood: ${problem}`);
    return new Cursor(parse(body, refuse), refuse);
  }

  get isPresent(): boolean {
    return this.#value !== undefined && this.#value !== null;
  }

  at(name: string): Cursor {
    const value = typeof this.#value === 'object' && this.#value !== null ? (this.#value as Record<string, unknown>)[name] : undefined;
    return new Cursor(value, this.#refuse, `${this.#path}/${name}`);
  }

  /** The one member of an object, whatever its name. */
  only(): Cursor {
    const names = typeof this.#value === 'object' && this.#value !== null ? Object.keys(this.#value) : [];
    const [name] = names;
    return name === undefined || names.length > 1 ? this.#wrong('must have one member') : this.at(name);
  }

  text(): string {
    return typeof this.#value === 'string' && this.#value !== '' ? this.#value : this.#wrong('must be a string');
  }

  /** A whole number that is not negative, as a number or in decimal digits (as protobuf's JSON writes 64-bit numbers). */
  whole(): string {
    const text = typeof this.#value === 'number' && Number.isSafeInteger(this.#value) ? String(this.#value) : this.#value;
    return typeof text === 'string' && /^\d{1,19}$/.test(text) ? text : this.#wrong('must be a whole number');
  }

  bytes(encoding: 'base64' | 'hex'): Buffer {
    const text = this.text();
    const bytes = Buffer.from(text, encoding);
    return bytes.toString(encoding) === text ? bytes : this.#wrong(`must be ${encoding}`);
  }

  /** Elements of an array; none when there is no such member. */
  list(): Cursor[] {
    if (!this.isPresent) return [];
    if (!Array.isArray(this.#value)) return this.#wrong('must be an array');
    return (this.#value as unknown[]).map((value, index) => new Cursor(value, this.#refuse, `${this.#path}/${index}`));
  }

  #wrong(problem: string): never {
    return this.#refuse(`${this.#path === '' ? '/' : this.#path} ${problem}`);
  }
}

/** Without the parser's message, which repeats a part of its input. */
export function parse(bytes: Uint8Array, refuse: Refuse): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown;
  } catch {
    return refuse('it is not JSON');
  }
}

