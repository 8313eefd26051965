import { describe, expect, it } from 'vitest';
import { withoutTokens } from '../src/redact';

describe('withoutTokens', () => {
  it('takes out what looks like a JSON Web Token, and nothing else', () => {
    expect(withoutTokens('x eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln-_A y')).toBe('x [token] y');
    expect(withoutTokens('"eyJhbGciOiJub25lIn0.e30."')).toBe('"[token]"');
    for (const text of ['eyJwYXlsb2FkIjoxfQ==', 'dist/main.js', 'a.b.c', 'eyJhbGciOiJSUzI1NiJ9']) expect(withoutTokens(text)).toBe(text);
  });
});
