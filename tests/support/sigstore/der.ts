/** A writer of the few DER forms (ITU-T X.690) that certificates and timestamps need. */
const length = (n: number): Buffer => {
  if (n < 0x80) return Buffer.of(n);
  if (n < 0x100) return Buffer.of(0x81, n);
  return n < 0x10000 ? Buffer.of(0x82, n >> 8, n & 0xff) : Buffer.of(0x83, n >> 16, (n >> 8) & 0xff, n & 0xff);
};

export function tlv(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.of(tag), length(body.length), body]);
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => tlv(0x30, ...content);
/** SET OF: its elements in the order of their bytes. */
export const setOf = (...content: readonly Buffer[]): Buffer => tlv(0x31, ...[...content].sort((a, b) => Buffer.compare(a, b)));
export const octets = (bytes: Uint8Array): Buffer => tlv(0x04, bytes);
export const boolean = (value: boolean): Buffer => tlv(0x01, Buffer.of(value ? 0xff : 0));
export const utf8 = (text: string): Buffer => tlv(0x0c, Buffer.from(text));
export const bits = (bytes: Uint8Array, unused = 0): Buffer => tlv(0x03, Buffer.of(unused), bytes);
export const nothing = (): Buffer => tlv(0x05);
/** [n] EXPLICIT, or IMPLICIT of a constructed type. */
export const context = (n: number, ...content: readonly Uint8Array[]): Buffer => tlv(0xa0 + n, ...content);
/** [n] IMPLICIT of a primitive type. */
export const contextPrimitive = (n: number, content: Uint8Array): Buffer => tlv(0x80 + n, content);

/** A non-negative integer from its big-endian bytes. */
export function integer(value: number | Uint8Array): Buffer {
  const bytes = typeof value === 'number' ? Buffer.of(value) : Buffer.from(value);
  return tlv(0x02, ((bytes[0] ?? 0) & 0x80) === 0 ? bytes : Buffer.concat([Buffer.of(0), bytes]));
}

export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const part of rest) {
    const groups = [part & 0x7f];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return tlv(0x06, Buffer.from(bytes));
}

const digits = (time: Date): string => time.toISOString().replace(/[-:T]/g, '').slice(0, 14);
export const utcTime = (time: Date): Buffer => tlv(0x17, Buffer.from(`${digits(time).slice(2)}Z`));
export const generalizedTime = (time: Date): Buffer => tlv(0x18, Buffer.from(`${digits(time)}Z`));
