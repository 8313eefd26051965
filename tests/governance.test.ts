import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const page = readFileSync('docs/governance.md', 'utf8');
const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const rows = page.slice(page.indexOf('## Constraints'), page.indexOf('## Where the fields')).split('\n').filter((line) => line.startsWith('| ')).slice(1);

describe('docs/governance.md', () => {
  it.each(rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''))))('proves: %s', (_constraint, _how, proof = '') => {
    const named = proof.split('; ');
    expect(named.length).toBeGreaterThan(0);
    for (const entry of named) {
      const [, file = '', title] = /^`([^`]+)`(?:: "(.+)")?$/.exec(entry) ?? [];
      if (file.startsWith('npm run ')) expect(scripts, file).toHaveProperty([file.slice('npm run '.length)]);
      else expect(existsSync(file), entry).toBe(true);
      if (title !== undefined) expect(readFileSync(file, 'utf8'), title).toContain(`'${title}'`);
    }
  });
});
