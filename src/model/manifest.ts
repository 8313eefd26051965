import { ProofError } from '../errors';
import { canonicalJson } from './json';
import type { FileDigest } from './digest';

const HEAD = '{"files":[';
const TAIL = '],"version":1}\n';
const CHUNK_BYTES = 64 * 1024;

/**
 * The bytes of manifest.json, as a stream: RFC 8785 `{"files":[{"path":…,"sha256":…,"size":…},…],"version":1}` and one newline.
 * `files` must come in byte order of their paths.
 */
export async function* manifestBytes(files: AsyncIterable<FileDigest> | Iterable<FileDigest>): AsyncGenerator<Buffer> {
  let text = HEAD;
  let separator = '';
  for await (const file of files) {
    text += separator + canonicalJson(file);
    separator = ',';
    if (text.length >= CHUNK_BYTES) {
      yield Buffer.from(text);
      text = '';
    }
  }
  yield Buffer.from(text + TAIL);
}

/** No entry of a manifest is longer: a path has at most 4,096 bytes, each escaped in at most six characters. */
const MAX_ENTRY = 32 * 1024;

/**
 * The entries of a manifest as manifestBytes writes it, as a stream. Reads no more into them than their order: whether the bytes are right is for a
 * digest of the whole to say.
 * @throws ProofError JSON_INVALID while iterated
 */
export async function* manifestFiles(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<FileDigest> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let text = '';
  for await (const chunk of chunks) {
    text += strictly(() => decoder.decode(chunk, { stream: true }));
    for (let entry = ENTRY.exec(text); entry !== null; entry = ENTRY.exec(text)) {
      const [whole, json = ''] = entry;
      text = text.slice(whole.length);
      yield strictly(() => JSON.parse(json) as FileDigest);
    }
    if (text.length > MAX_ENTRY) throw new ProofError('JSON_INVALID', 'manifest: an entry is longer than any file name allows');
  }
  if (text !== TAIL) throw new ProofError('JSON_INVALID', 'manifest: it does not end as a manifest does');
}

function strictly<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ProofError('JSON_INVALID', 'manifest: an entry is not JSON in UTF-8', { cause: error });
  }
}

/** The head or a comma, and a flat object of strings and numbers. */
const ENTRY = /^(?:\{"files":\[|,)(\{(?:"(?:[^"\\]|\\.)*"|[^"{}])*\})/;
