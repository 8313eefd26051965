import { ProofError, type ErrorCode } from '../errors';
import { readDocument } from '../files';
import { parseJson } from '../model/json';
import { validateProofFile } from '../model/generated/validators.cjs';
import type { ProofFile } from '../model/types';
import { validated } from '../model/validation';

/** Configuration is written by people: no file of it comes near this size, in bytes. */
const MAX_CONFIG_BYTES = 4 * 1024 * 1024;

/**
 * Reads nx.json, project.json or package.json as Nx does: JSON, else JSON with comments and trailing commas.
 * @param name how messages call the file
 * @throws ProofError `missing`, WORKSPACE_INVALID, FILE_TOO_LARGE
 */
export async function readConfig(file: string, name: string, missing: ErrorCode): Promise<Readonly<Record<string, unknown>>> {
  const value = await parseConfig(await readDocument(file, { missing, what: name, maxBytes: MAX_CONFIG_BYTES }), name);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name, 'must be an object');
  return value as Readonly<Record<string, unknown>>;
}

async function parseConfig(bytes: Buffer, name: string): Promise<unknown> {
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const { parse } = await import('jsonc-parser');
    const problems: { offset: number }[] = [];
    const value: unknown = parse(text, problems as never, { allowTrailingComma: true });
    if (problems.length === 0) return value;
    throw invalid(name, `is not JSON: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function invalid(name: string, problem: string, cause?: unknown): ProofError {
  return new ProofError('WORKSPACE_INVALID', `${name} ${problem}`, { cause, details: { file: name } });
}

/** Reads a project's proof.json. @throws ProofError PROOF_FILE_INVALID naming the field, FILE_TOO_LARGE */
export async function readProofFile(file: string, name: string): Promise<ProofFile> {
  const bytes = await readDocument(file, { missing: 'PROOF_FILE_INVALID', what: name, maxBytes: MAX_CONFIG_BYTES });
  return validated(validateProofFile, parseJson(bytes, name, 'PROOF_FILE_INVALID'), name, 'PROOF_FILE_INVALID');
}
