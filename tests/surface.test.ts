import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import * as surface from '../src/index';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, unknown>; bin: Record<string, string> };

describe('the package', () => {
  it('exports these values and no others', () => {
    expect(Object.keys(surface).sort()).toEqual([
      'ERROR_CODES',
      'ProofError',
      'createProof',
      'getDefaultTrustMaterial',
      'getProofEnvelopeValidator',
      'isProofError',
      'keyPolicy',
      'loadPolicy',
      'openSession',
      'openSigner',
      'readWorkspace',
      'signProof',
      'verifyProof',
      'verifyWorkspace',
    ]);
  });

  it('exports these types and no others', () => {
    const program = ts.createProgram(['src/index.ts'], { ...ts.parseJsonConfigFileContent({ extends: './tsconfig.json' }, ts.sys, process.cwd()).options });
    const file = program.getSourceFile('src/index.ts');
    const checker = program.getTypeChecker();
    const symbol = file === undefined ? undefined : checker.getSymbolAtLocation(file);
    const names = symbol === undefined ? [] : checker.getExportsOfModule(symbol).map(({ name }) => name);
    expect(names.filter((name) => !Object.hasOwn(surface, name)).sort()).toEqual([
      'Check',
      'CheckName',
      'CheckStatus',
      'CreateOptions',
      'CreateRequest',
      'CreateResult',
      'DigestSet',
      'Env',
      'ErrorCode',
      'ErrorDetails',
      'Hasher',
      'LoadedPolicy',
      'Outcome',
      'Policy',
      'Project',
      'ProofEnvelope',
      'ProofFile',
      'ResourceDescriptor',
      'Rule',
      'Session',
      'SignOptions',
      'SignRequest',
      'SignResult',
      'Signer',
      'Statement',
      'StatementSigner',
      'Subject',
      'TrustMaterial',
      'Verdict',
      'VerifiedSigner',
      'VerifyOptions',
      'VerifyRequest',
      'Workspace',
    ]);
  });

  it('opens these paths and no others', () => {
    expect(Object.keys(manifest.exports)).toEqual([
      '.',
      './plugin',
      './package.json',
      './executors.json',
      './generators.json',
      './schemas/proof.schema.json',
      './schemas/proof-policy.schema.json',
      './schemas/proof-artifact.schema.json',
      './schemas/statement.schema.json',
    ]);
    expect(Object.keys(manifest.bin)).toEqual(['nx-proof', 'cortex-proofs']);
  });

  it('reaches no Nx from its main module or its CLI, but for the command that needs the graph', () => {
    const reached = reachable(['src/index.ts', 'src/cli/nx-proof.ts', 'src/cli/cortex-proofs.ts']);
    expect(reached.has('src/commands/verify.ts')).toBe(true);
    expect([...reached].filter((file) => file.startsWith('src/nx/'))).toEqual([]);
  });

  it('hands out one and the same validator of proof envelopes', () => {
    const validator = surface.getProofEnvelopeValidator();
    expect(surface.getProofEnvelopeValidator()).toBe(validator);
    expect(validator({ proofSpec: 'cortex-os/proof-artifact' })).toBe(false);
    expect(validator.errors).not.toHaveLength(0);
  });
});

/** The files that are loaded with the given ones: static imports of values, and dynamic ones except of ./create of the CLI. */
function reachable(entries: readonly string[]): Set<string> {
  const seen = new Set<string>();
  const queue = [...entries];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const output = ts.transpileModule(readFileSync(file, 'utf8'), { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true } }).outputText;
    for (const { fileName } of ts.preProcessFile(output, true, true).importedFiles) {
      if (!fileName.startsWith('.') || (file === 'src/cli/main.ts' && fileName === './create')) continue;
      const target = path.posix.join(path.posix.dirname(file), fileName);
      queue.push(...[`${target}.ts`, `${target}/index.ts`].filter((candidate) => ts.sys.fileExists(candidate)));
    }
  }
  return seen;
}
