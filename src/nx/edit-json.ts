import type { Tree } from '@nx/devkit';
import { applyEdits, modify, parse, type JSONPath, type ParseError } from 'jsonc-parser';
import { ProofError } from '../errors';

/** A value to set; `undefined` is not meant for removal. */
export interface JsonEdit {
  readonly path: JSONPath;
  readonly value: unknown;
}

/**
 * Reads a JSON file of the workspace, with comments and trailing commas as Nx allows them.
 * @throws ProofError WORKSPACE_INVALID when it is missing, no JSON or no object
 */
export function readTreeJson(tree: Tree, file: string): Record<string, unknown> {
  const text = tree.read(file, 'utf-8');
  const errors: ParseError[] = [];
  const value: unknown = text === null ? undefined : parse(text.replace(/^\uFEFF/, ''), errors, { allowTrailingComma: true });
  if (errors.length > 0 || typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProofError('WORKSPACE_INVALID', `${file} ${text === null ? 'is missing' : 'must be a JSON object'}`, { details: { file } });
  }
  return value as Record<string, unknown>;
}

/** Sets values in a JSON file and leaves everything else as it is: other keys, comments, indentation and line ends. */
export function editTreeJson(tree: Tree, file: string, edits: readonly JsonEdit[]): void {
  const before = tree.read(file, 'utf-8') ?? '{}\n';
  const formattingOptions = formattingOf(before);
  const after = edits.reduce((text, { path, value }) => applyEdits(text, modify(text, path, value, { formattingOptions })), before);
  if (after !== before) tree.write(file, after);
}

function formattingOf(text: string): { insertSpaces: boolean; tabSize: number; eol: string } {
  const indent = /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ';
  return { insertSpaces: !indent.startsWith('\t'), tabSize: indent.startsWith('\t') ? 1 : indent.length, eol: text.includes('\r\n') ? '\r\n' : '\n' };
}
