// Compiles the JSON Schemas to stand-alone validators (Ajv's runtime helpers bundled in) and to TypeScript types.
// Writes src/model/generated/: validators.js, validators.d.ts and one .ts of types for each schema.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { _ } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standaloneCode from 'ajv/dist/standalone/index.js';
import { build } from 'esbuild';
import { compile } from 'json-schema-to-typescript';

const { formats } = createRequire(import.meta.url)('./formats.cjs');

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.join(here, '..', 'src', 'model', 'generated');
const SCHEMAS = {
  'statement': { validator: 'validateStatement', type: 'Statement' },
  'proof-artifact': { validator: 'validateProofEnvelope', type: 'ProofEnvelope' },
  'proof-policy': { validator: 'validatePolicy', type: 'Policy' },
  'proof': { validator: 'validateProofFile', type: 'ProofFile' },
};
const BANNER = '// Made by schemas/generate.mjs from the JSON Schemas; do not edit.';

const schemas = new Map();
for (const name of Object.keys(SCHEMAS)) {
  schemas.set(name, JSON.parse(await readFile(path.join(here, `${name}.schema.json`), 'utf8')));
}

async function writeValidators() {
  const ajv = new Ajv2020({ schemas: [...schemas.values()], formats, code: { source: true, esm: false, formats: _`require('./formats.cjs').formats` }, strict: true, inlineRefs: false });
  const exports = Object.fromEntries(Object.entries(SCHEMAS).map(([name, { validator }]) => [validator, schemas.get(name).$id]));
  await build({
    stdin: { contents: standaloneCode.default(ajv, exports), resolveDir: here, loader: 'js' },
    outfile: path.join(out, 'validators.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    banner: { js: BANNER },
    logLevel: 'warning',
  });
  const imports = Object.entries(SCHEMAS).map(([name, { type }]) => `import type { ${type} } from './${name}';`);
  const declarations = Object.values(SCHEMAS).map(({ validator, type }) => `export declare const ${validator}: Validator<${type}>;`);
  const validatorType = [
    'export interface ValidationIssue { instancePath: string; keyword: string; params: Record<string, unknown>; message?: string }',
    'export interface Validator<T> { (data: unknown): data is T; errors?: ValidationIssue[] | null }',
  ];
  await writeFile(path.join(out, 'validators.d.cts'), [BANNER, ...imports, ...validatorType, ...declarations, ''].join('\n'));
}

async function writeTypes() {
  for (const [name, schema] of schemas) {
    const text = await compile(structuredClone(schema), SCHEMAS[name].type, {
      bannerComment: BANNER,
      additionalProperties: true,
      format: false,
      cwd: `${here}${path.sep}`,
      declareExternallyReferenced: true,
      strictIndexSignatures: false,
      unknownAny: true,
      ignoreMinAndMaxItems: true,
    });
    await writeFile(path.join(out, `${name}.ts`), text);
  }
}

await mkdir(out, { recursive: true });
await writeValidators();
await writeTypes();
