import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { OPTION_NAMES, type Verb } from '../../src/nx/options';

interface Property {
  readonly type: string;
  readonly description: string;
  readonly default?: unknown;
  readonly enum?: unknown[];
  readonly examples?: readonly unknown[];
}
interface Schema {
  readonly outputCapture?: string;
  readonly description: string;
  readonly examples: readonly { command: string; description: string }[];
  readonly properties: Record<string, Property>;
  readonly additionalProperties?: boolean;
}
interface Entry {
  readonly schema: string;
  readonly description: string;
  readonly implementation?: string;
  readonly batchImplementation?: string;
  readonly factory?: string;
  readonly preferBatch?: boolean;
}
interface NxParams {
  combineOptionsForExecutor(commandLine: object, configuration: string, target: object, schema: unknown, project: string | null, cwd: string): Record<string, unknown>;
}

const json = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;
const executors = json<{ executors: Record<string, Entry> }>('executors.json').executors;
const generators = json<{ generators: Record<string, Entry> }>('generators.json').generators;
const proofFile = json<{ $defs: Record<string, { properties: Record<string, { type?: string; enum?: unknown[] }> }> }>('schemas/proof.schema.json');
const nx = createRequire(import.meta.url)(path.resolve('node_modules/nx/dist/src/utils/params.js')) as NxParams;
const VERBS: Verb[] = ['create', 'sign', 'verify'];

describe.each(VERBS)('executor %s', (verb) => {
  const schema = json<Schema>(`executors/${verb}/schema.json`);
  const definition = proofFile.$defs[`${verb.charAt(0).toUpperCase()}${verb.slice(1)}Options`]!;
  const combine = (target: object, commandLine: object = {}): Record<string, unknown> => nx.combineOptionsForExecutor(commandLine, '', target, schema, null, '');

  it('has the options of proof.json', () => {
    expect(Object.keys(schema.properties)).toEqual(Object.keys(definition.properties));
    expect(Object.keys(schema.properties)).toEqual([...OPTION_NAMES[verb]]);
    for (const [name, { type, enum: values }] of Object.entries(definition.properties)) {
      // Without a type Nx would hand over what the command line says as text.
      expect(schema.properties[name]?.type, name).toBe(type ?? (values === undefined ? 'object' : typeof values[0]));
      expect(schema.properties[name]?.enum, name).toEqual(values);
    }
  });

  it('describes them, with examples', () => {
    expect(schema.outputCapture).toBe('direct-nodejs');
    expect(schema.examples.length).toBeGreaterThan(0);
    for (const property of Object.values(schema.properties)) {
      expect(property.description).toMatch(/^\S.*[.]$/);
      if (property.default === undefined && property.enum === undefined && property.type !== 'string') expect(property.examples).toBeDefined();
    }
  });

  it('lets Nx pass every value, so that one project cannot break the batch of all', () => {
    const values = [[], ['x', 7], {}, { a: 1 }, 'text', 7, true, null];
    for (const name of [...Object.keys(schema.properties), 'unknown']) {
      for (const value of values) expect(combine({ options: { [name]: value } })[name]).toEqual(value);
    }
  });

  it('has Nx read values of the command line by their types', () => {
    const options = { create: { artifacts: 'dist,out', sha512: 'true' }, sign: { key: 'k.pem' }, verify: { strict: 'true', 'policy-digest': 'x' } }[verb];
    const parsed = { create: { artifacts: ['dist', 'out'], sha512: true }, sign: { key: 'k.pem' }, verify: { strict: true, policyDigest: 'x' } }[verb];
    expect(combine({}, options)).toMatchObject(parsed);
  });

  it('is listed with a batch', async () => {
    const entry = executors[verb]!;
    expect(entry).toMatchObject({ schema: `./executors/${verb}/schema.json`, preferBatch: true, description: expect.stringMatching(/\.$/) as string });
    const module = (await import(path.resolve(`executors/${verb}/executor.ts`))) as Record<string, unknown>;
    for (const implementation of [entry.implementation, entry.batchImplementation]) {
      const [file, name = ''] = implementation!.split('#');
      expect(file).toBe(`./dist/executors/${verb}/executor`);
      expect(module[name]).toBeTypeOf('function');
    }
  });
});

describe.each(['init', 'targets', 'sync'])('generator %s', (name) => {
  it('is listed, described and strict', async () => {
    const entry = generators[name]!;
    const schema = json<Schema>(`generators/${name}/schema.json`);
    expect(schema.additionalProperties).toBe(false);
    expect(schema.examples.length).toBeGreaterThan(0);
    for (const property of Object.values(schema.properties)) expect(property.description).toMatch(/^[A-Z].*\.$/);
    expect(existsSync(entry.schema)).toBe(true);
    const [file, exported = ''] = entry.factory!.split('#');
    expect(file).toBe(`./dist/generators/${name}/generator`);
    expect(((await import(path.resolve(`generators/${name}/generator.ts`))) as Record<string, unknown>)[exported]).toBeTypeOf('function');
  });
});

describe('executors.json and generators.json', () => {
  it('list nothing else', () => {
    expect(Object.keys(executors)).toEqual(VERBS);
    expect(generators['init']).toMatchObject({ aliases: ['ng-add'], hidden: true });
    expect(Object.keys(generators)).toEqual(['init', 'targets', 'sync']);
  });
});
