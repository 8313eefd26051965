import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const SHELLS = ['executors', 'generators', 'src/cli', 'src/plugin.ts'];
const ABILITIES = ['src/hash', 'src/source', 'src/trust', 'src/sign', 'src/verify', 'src/memo'];
/** The parts of the program, lowest first; each row may import those below it, and of its own row only itself. */
const LAYERS: readonly (readonly string[])[] = [['src/model', 'src/telemetry', 'src (files)'], ['src/http'], ABILITIES, ['src/commands'], ['src/index.ts', 'src/nx'], SHELLS];
/** model, telemetry and the files of src itself are one layer that may import each other. */
const FOUNDATION = LAYERS[0] ?? [];

/** Which parts alone may know a package. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  '@nx/devkit': ['executors', 'generators', 'src/nx', 'src/plugin.ts'],
  nx: [],
  '@sigstore/verify': ['src/verify'],
  '@sigstore/sign': ['src/sign'],
  '@sigstore/bundle': ['src/model'],
  '@sigstore/core': ['src/model'],
  undici: ['src/http'],
  'node:worker_threads': ['src/hash'],
  'tuf-js': ['src/trust'],
  '@opentelemetry/api': ['src/telemetry'],
  '@sigstore/tuf': ['src/trust'],
  '@sigstore/protobuf-specs': ['src/verify'],
  'node:child_process': ['src/source', 'src/sign', 'src/trust'],
};
/** Shells, and the parts that hand down what they know of the process. */
const HOSTS = [...SHELLS, 'src/nx'];
const MAIN = 'src/index.ts';

interface Source {
  readonly file: string;
  readonly part: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const posix = (file: string): string => file.split(path.sep).join('/');
const isInside = (file: string, part: string): boolean => file === part || file.startsWith(`${part}/`);

function partOf(file: string): string {
  const part = [...LAYERS.flat()].find((candidate) => isInside(file, candidate));
  return part ?? (/^src\/[^/]+\.ts$/.test(file) ? 'src (files)' : 'unknown');
}

function sourcesOf(folder: string): Source[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return names.map((name) => {
    const file = posix(path.join(folder, name));
    const text = readFileSync(file, 'utf8');
    const imports = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => (fileName.startsWith('.') ? path.posix.join(path.posix.dirname(file), fileName) : fileName));
    return { file, part: partOf(file), text, imports };
  });
}

const sources = ['src', 'executors', 'generators'].flatMap(sourcesOf).filter(({ file }) => !file.startsWith('src/model/generated/'));
const isOurs = (name: string): boolean => /^(src|executors|generators)\//.test(name);
const layerOf = (part: string): number => LAYERS.findIndex((layer) => layer.includes(part));
const packageOf = (name: string): string => (name.startsWith('node:') ? name : name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/'));
const knows = (part: string, owners: readonly string[]): boolean => owners.includes(part);

/** What an import breaks, or undefined. `target` is an imported file without its extension. */
function broken(part: string, target: string): string | undefined {
  const other = partOf(target) === 'unknown' ? partOf(`${target}.ts`) : partOf(target);
  if (other === 'unknown') return /^src\/model\/generated\/|^schemas\//.test(target) ? undefined : 'is no part of the program';
  if (other === part || (FOUNDATION.includes(part) && FOUNDATION.includes(other))) return undefined;
  if (target === MAIN.replace('.ts', '')) return 'is for users of the package';
  return layerOf(other) < layerOf(part) ? undefined : `${other} is not below ${part}`;
}

describe('the direction of imports', () => {
  it('knows every file as a part', () => {
    expect(sources.filter(({ part }) => part === 'unknown').map(({ file }) => file)).toEqual([]);
    expect(sources.length).toBeGreaterThan(50);
  });

  it('is downward only', () => {
    const wrong = sources.flatMap(({ file, part, imports }) =>
      imports.filter(isOurs).flatMap((target) => {
        const problem = broken(part, target);
        return problem === undefined ? [] : [`${file} imports ${target}: ${problem}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('never leaves what ships', () => {
    const wrong = sources.flatMap(({ file, imports }) => imports.filter((name) => /^(tests|e2e|bench|examples|dist)\//.test(name)).map((name) => `${file} imports ${name}`));
    expect(wrong).toEqual([]);
  });

  it.each([
    ['src/model', 'src/hash/index', false],
    ['src/hash', 'src/source/index', false],
    ['src/hash', 'src/model/digest', true],
    ['src/commands', 'src/hash/index', true],
    ['src/commands', 'src/nx/context', false],
    ['src/commands', 'src/index', false],
    ['src/cli', 'src/commands/create', true],
    ['src/cli', 'executors/create/executor', false],
    ['src/model', 'src/errors', true],
    ['src/model', 'src/elsewhere/x', false],
  ])('is checked by a rule that sees %s -> %s', (part, target, allowed) => {
    expect(broken(part, target) === undefined).toBe(allowed);
  });
});

describe('packages', () => {
  it.each(Object.entries(OWNERS))('%s is known to its owners alone', (name, owners) => {
    const wrong = sources.filter(({ part, imports }) => imports.some((imported) => packageOf(imported).replace(/^(?=worker_threads$|child_process$)/, 'node:') === name) && !knows(part, owners));
    expect(wrong.map(({ file }) => file)).toEqual([]);
  });

  it('are those of package.json, and built-in modules are named node:', () => {
    const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<'dependencies' | 'peerDependencies', Record<string, string>>;
    // p-limit exists as an ES module alone and is bundled; of @sigstore/sign the types are used, which leave nothing behind.
    const known = new Set([...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies), 'p-limit', '@sigstore/sign']);
    const wrong = sources.flatMap(({ file, imports }) => imports.filter((name) => !isOurs(name) && !/^(\.|package\.json|schemas\/|node:)/.test(name) && !known.has(packageOf(name))).map((name) => `${file} imports ${name}`));
    expect(wrong).toEqual([]);
  });

  it('are imported as types alone where they do not ship', () => {
    const lines = sources.flatMap(({ text }) => text.split('\n').filter((line) => line.includes("'@sigstore/sign'")));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !/^(import|export) type /.test(line))).toEqual([]);
  });

  it('are all used', () => {
    const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> };
    // Of @sigstore/tuf a file is read, by its place.
    const used = new Set([...sources.flatMap(({ imports }) => imports.map(packageOf)), '@sigstore/tuf']);
    expect(Object.keys(dependencies).filter((name) => !used.has(name))).toEqual([]);
  });
});

describe('the process', () => {
  /** Uses of `process`, `console`, Date.now() and new Date() in code, not in comments or strings. */
  function hostUses(text: string): string[] {
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node) && ['process', 'console'].includes(node.text) && !isName(node)) found.push(node.text);
      if (ts.isPropertyAccessExpression(node) && node.getText() === 'Date.now') found.push('Date.now');
      if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) found.push('new Date()');
      node.forEachChild(visit);
    };
    visit(ts.createSourceFile('x.ts', text, ts.ScriptTarget.ES2022, true));
    return found;
  }

  /** A member, property or parameter that is only called like that. */
  function isName(node: ts.Identifier): boolean {
    const { parent } = node;
    return (ts.isPropertyAccessExpression(parent) && parent.name === node) || (ts.isPropertyAssignment(parent) && parent.name === node) || ts.isPropertySignature(parent);
  }

  it('is known to shells and src/nx alone', () => {
    const wrong = sources.filter(({ part }) => !HOSTS.includes(part)).flatMap(({ file, text }) => hostUses(text).map((use) => `${file} uses ${use}`));
    expect(wrong).toEqual([]);
  });

  it('is otherwise known by who it is: no environment, folder, streams, arguments or end of it', () => {
    const identity = ['execPath', 'geteuid', 'kill', 'pid'];
    const imported = (text: string): string[] => [...text.matchAll(/import (.*) from '(?:node:)?process'/g)].flatMap(([, names = '']) => names.replace(/[{}]/g, '').split(',').map((name) => name.trim()));
    const wrong = sources.filter(({ part }) => !HOSTS.includes(part)).flatMap(({ file, text }) => imported(text).filter((name) => !identity.includes(name)).map((name) => `${file} imports ${name}`));
    expect(wrong).toEqual([]);
  });

  it('is known to one file of the CLI alone: the rest of it is handed a host', () => {
    const wrong = sources.filter(({ file, part }) => part === 'src/cli' && file !== 'src/cli/process.ts').flatMap(({ file, text }) => hostUses(text).map((use) => `${file} uses ${use}`));
    expect(wrong).toEqual([]);
  });

  it('is found by a rule that sees it', () => {
    expect(hostUses("process.exit(); const a = { process: 1 }; a.process; console.log('process'); Date.now(); new Date(); new Date(0); // process")).toEqual(['process', 'console', 'Date.now', 'new Date()']);
  });
});

describe('modules', () => {
  it('have named exports only', () => {
    expect(sources.filter(({ text }) => /^export default|export \{[^}]*\bas default\b/m.test(text)).map(({ file }) => file)).toEqual([]);
  });

  it('mark nothing as unfinished', () => {
    expect(sources.filter(({ text }) => /TODO|FIXME/.test(text)).map(({ file }) => file)).toEqual([]);
  });
});
