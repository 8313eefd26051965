import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { helpText } from '../src/cli/help';
import { parseCommandLine } from '../src/cli/parse';
import { NX_PROOF } from '../src/cli/spec';
import { ERROR_CODES } from '../src/errors';
import { readPolicy } from '../src/model/policy';
import { validateProofFile } from '../src/model/generated/validators.cjs';
import { DEFAULT_NAMES } from '../src/nx/targets';

interface SchemaProperty {
  readonly $ref?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly description?: string;
  readonly items?: SchemaProperty;
}
type Properties = Readonly<Record<string, SchemaProperty>>;

const README = 'README.md';
const PAGES = [README, 'CONTRIBUTING.md', 'docs/ci.md', 'docs/architecture.md', 'docs/build-type.md', 'docs/errors.md', 'docs/keyless.md', 'docs/nx.md', 'docs/telemetry.md', 'docs/trust.md'];
const text = (file: string): string => readFileSync(file, 'utf8');
const json = (file: string): unknown => JSON.parse(text(file));

const cell = (value: string): string => value.replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map(cell).join(' | ')} |`).join('\n');

function typeOf({ type, enum: values, items, $ref, const: constant }: SchemaProperty): string {
  if (constant !== undefined) return `\`${JSON.stringify(constant)}\``;
  if (values !== undefined) return values.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  if (type === 'array') return `${items === undefined ? 'object' : typeOf(items)}[]`;
  return type ?? ($ref?.endsWith('ProjectPattern') === true ? 'string' : 'object');
}

function options(properties: Properties): string {
  const rows = Object.entries(properties).map(([name, property]) => {
    const fallback = property.default === undefined ? '' : `\`${JSON.stringify(property.default)}\``;
    return [`\`${name}\``, typeOf(property), fallback, property.description ?? ''];
  });
  return table(['option', 'type', 'default', 'meaning'], rows);
}

function fields(properties: Properties): string {
  const rows = Object.entries(properties).filter(([name]) => name !== '$schema');
  return table(['field', 'type', 'meaning'], rows.map(([name, property]) => [`\`${name}\``, typeOf(property), property.description ?? '']));
}

interface Schema {
  readonly properties: Properties;
  readonly description?: string;
}

const executor = (name: string): string => options((json(`executors/${name}/schema.json`) as Schema).properties);

function generators(): string {
  const entries = Object.entries((json('generators.json') as { generators: Record<string, { schema: string }> }).generators);
  const rows = entries.flatMap(([name, { schema }]) => {
    const { description = '', properties } = json(path.join(schema)) as Schema;
    const given = Object.entries(properties).map(([option, property]) => `\`${option === 'project' ? 'PROJECT' : `--${option}`}\`: ${property.description ?? ''}`);
    return [[`\`nx g nx-proof:${name}\``, [description, ...given].join('<br>')]];
  });
  return table(['generator', 'what it does, and its options'], rows);
}

const NAMES: Readonly<Record<keyof typeof DEFAULT_NAMES, string>> = {
  createTargetName: 'Name of the target that creates proofs.',
  signTargetName: 'Name of the target that signs them.',
  verifyTargetName: 'Name of the target that verifies them.',
  buildTarget: 'The target that makes the artifacts, as `target` or `target:configuration`.',
};

function exitCodes(): string {
  const help = helpText(undefined);
  const lines = help.slice(help.indexOf('Exit codes:')).split('\n').slice(1, 5);
  return table(['exit code', 'meaning'], lines.map((line) => [line.trim().slice(0, 1), line.trim().slice(1).trim()]));
}

const policySchema = (): Schema & { $defs: Record<string, Schema> } => json('schemas/proof-policy.schema.json') as Schema & { $defs: Record<string, Schema> };

const TABLES: Readonly<Record<string, () => string>> = {
  'plugin': () => options(Object.fromEntries(Object.entries(DEFAULT_NAMES).map(([name, value]) => [name, { type: 'string', default: value, description: NAMES[name as keyof typeof NAMES] }]))),
  'executor create': () => executor('create'),
  'executor sign': () => executor('sign'),
  'executor verify': () => executor('verify'),
  'generators': generators,
  'policy': () => fields(policySchema().properties),
  'rule': () => fields(policySchema().$defs['Rule']!.properties),
  'exit codes': exitCodes,
};

function withTables(page: string): string {
  return page.replace(/<!-- table: ([a-z ]+) -->\n[^]*?<!-- end -->/g, (_, name: string) => `<!-- table: ${name} -->\n${TABLES[name]?.() ?? 'there is no such table'}\n<!-- end -->`);
}

function cliPage(): string {
  const command = (name: string, help: string): string => `\n## ${name}\n\n\`\`\`\n${help.trimEnd()}\n\`\`\`\n`;
  // What all commands have in common is told once, at the top.
  const own = (help: string): string => help.replace(/\nOptions of every command:\n(?: {2}.*\n)+/, '').replace(/\nExit codes:\n(?: {2}.*\n)+/, '');
  const commands = NX_PROOF.commands.map((spec) => command(`nx-proof ${spec.name}`, own(helpText(spec))));
  return `# The command line\n\nWhat \`--help\` prints, on a page.\n\n\`\`\`\n${helpText(undefined).trimEnd()}\n\`\`\`\n${commands.join('')}`;
}

/** The lines of a page that are commands: indented ones, those of shell scripts and of CI files. */
function commandLines(page: string): string[] {
  const scripts = [...page.matchAll(/^(?: {4}|\s+- run: |\s+- )(?=\S)(.+)$/gm)].map((match) => match[1] ?? '');
  const inline = [...page.matchAll(/`((?:npx |pnpm )?nx-proof [^`…<]+|pnpm --filter [^`]+)`/g)].map((match) => match[1] ?? '');
  return [...scripts, ...inline].map((line) => line.replace(/\s+#.*$/, ''));
}

/** The arguments after `nx-proof`, for each time that it is called. */
function calls(page: string): string[][] {
  const found = commandLines(page).flatMap((line) => line.split(' && ')).map((line) => /(?:^|\s)nx-proof(?:@[\d.]+)? (.+)$/.exec(line)?.[1]);
  return found.filter((line) => line !== undefined).map((line) => line.replace(/, .*$/, '').split(/\s+/));
}

describe('README and docs', () => {
  it('have the tables that the schemas say (vitest -u writes them)', async () => {
    await expect(withTables(text(README))).toMatchFileSnapshot(path.resolve(README));
  });

  it('have the command line as --help says it (vitest -u writes it)', async () => {
    await expect(cliPage()).toMatchFileSnapshot(path.resolve('docs/cli.md'));
  });

  it('call commands with options that exist', () => {
    const all = PAGES.flatMap((page) => calls(text(page)));
    expect(all.length).toBeGreaterThan(15);
    for (const argv of all) expect(() => parseCommandLine(argv), argv.join(' ')).not.toThrow();
  });

  it('call generators, executors and npm scripts that exist', () => {
    const { generators: known } = json('generators.json') as { generators: Record<string, unknown> };
    const { executors } = json('executors.json') as { executors: Record<string, unknown> };
    const { scripts } = json('package.json') as { scripts: Record<string, unknown> };
    for (const page of PAGES) {
      for (const [, name] of text(page).matchAll(/nx g (?:nx-)?proof:(\w+)/g)) expect(known, page).toHaveProperty(name!);
      for (const [, name] of text(page).matchAll(/executor `(?:nx-)?proof:(\w+)/g)) expect(executors, page).toHaveProperty(name!);
      for (const [, name] of text(page).matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts), page).toContain(name);
    }
  });

  it('name codes that exist', () => {
    for (const page of PAGES) {
      for (const [, code] of text(page).matchAll(/`([A-Z]+_[A-Z_]+)`/g)) {
        if (code !== 'ERROR_CODES' && !/^(NX|NODE|SIGSTORE|SOURCE_DATE|HTTPS?|NO|XDG|GITHUB|CI)_/.test(code!)) expect(Object.keys(ERROR_CODES), page).toContain(code);
      }
    }
  });

  it('link to files and headings that exist', () => {
    for (const page of [...PAGES, 'docs/cli.md']) {
      for (const [, target] of text(page).matchAll(/\]\(([^)]+)\)/g)) {
        if (/^https?:/.test(target!)) continue;
        const [file, heading] = target!.split('#');
        const linked = file === '' ? page : path.join(path.dirname(page), file!);
        expect(existsSync(linked), `${page}: ${target}`).toBe(true);
        if (heading === undefined) continue;
        const headings = [...text(linked).matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!.toLowerCase().replace(/[^\w -]/g, '').replaceAll(' ', '-'));
        expect(headings, `${page}: ${target}`).toContain(heading);
      }
    }
  });

  it('show a policy and a proof.json that are valid', () => {
    const blocks = [...text(README).matchAll(/```json\n([^]*?)```/g)].map((match) => match[1]!);
    expect(blocks).toHaveLength(2);
    const [proofFile, policy] = blocks;
    expect(validateProofFile(JSON.parse(proofFile!))).toBe(true);
    expect(readPolicy(Buffer.from(policy!)).rules).toHaveLength(1);
  });

  it('show what CI runs', () => {
    const lines = text('.ci/run').split('\n').filter((line) => line.startsWith('npm ')).map((line) => line.replaceAll(' </dev/null', '').replace(/ \|\| .*$/, ''));
    expect(lines).toEqual(['npm ci && npm test', 'npm run quickstart']);
    for (const line of lines) expect(text(README)).toContain(`\n    ${line}`);
  });
});
