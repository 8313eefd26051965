import fc from 'fast-check';

/** Names that have broken file lists before: glob magic, options, order of '-', '.', '/', astral characters against the rest of the BMP. */
export const ODD_NAMES = [
  '[id].js', '[...slug].js', '(group)', '(.)photo', '@modal', 'a{b,c}.js', '!neg.js', '-rf', '--', '.hidden', '..dots', '...', ' lead', 'trail ', 'two  spaces',
  'a', 'a.b', 'a-b', 'a b', 'a+b', 'A', 'node_modules', 'package.json', '*', '**', '?', 'back\\slash', "quote'", 'dollar$HOME', '%2e%2e', '#', '~',
  'e\u0301', '\u00e9', 'Ångström', '日本', '\uFF5E', '\uFFFD', '\u{1F600}', '\u{10FFFF}', '\u200d', 'tab\t', 'cr\r', '\u0085',
];

const anyName = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 12 })
  .filter((name) => !/[/\0\n]/.test(name) && !['.', '..', '.proof'].includes(name) && !/\p{Cs}/u.test(name));

const name = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...ODD_NAMES) }, { weight: 1, arbitrary: anyName });

/** Random trees of files: path below the root to content. No path is a folder of another. */
export const trees = (minLength = 0): fc.Arbitrary<Record<string, string>> =>
  fc
    .array(fc.tuple(fc.array(name, { minLength: 1, maxLength: 4 }), fc.string({ maxLength: 30 })), { minLength, maxLength: 25 })
    .map((entries) => entries.map(([names, content]) => [names.join('/'), content] as const))
    .map((entries) => {
      const kept = new Map<string, string>();
      for (const [file, content] of entries) {
        const clash = [...kept.keys()].some((other) => `${other}/`.startsWith(`${file}/`) || `${file}/`.startsWith(`${other}/`));
        if (!clash) kept.set(file, content);
      }
      return Object.fromEntries(kept);
    });
