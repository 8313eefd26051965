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
