import path from 'node:path';
import { generateKey, listKeys, trustKey, type ListedKey } from '../commands/keys';
import { findWorkspaceRoot } from '../commands/workspace';
import { EXIT, ProofError, type ExitCode } from '../errors';
import type { KeyType } from '../model/keys';
import { count } from '../model/report';
import { fileOption, textOption, type CommandContext } from './context';
import { invalid } from './parse';

/** `nx-proof key generate`: in a workspace or not. */
export async function runKeyGenerate(context: CommandContext): Promise<ExitCode> {
  const file = fileOption(context, 'out');
  const type = textOption(context, 'type') as KeyType | undefined;
  const { publicKeyPem: _, ...key } = await generateKey(context.env, { ...(file === undefined ? {} : { file }), ...(type === undefined ? {} : { type }) });
  const { printer } = context;
  printer.status(`made the ${key.type} key ${key.fingerprint}`);
  printer.status(`private key: ${key.file}${key.isEncrypted ? ', encrypted with NX_PROOF_KEY_PASSPHRASE' : ', not encrypted'}; keep it to yourself`);
  printer.status(`public key: ${key.publicFile}; a workspace trusts it after "nx-proof key trust ${key.publicFile}"`);
  printer.document({ key, exitCode: EXIT.ok });
  return EXIT.ok;
}

/** `nx-proof key trust FILE`. */
export async function runKeyTrust(context: CommandContext): Promise<ExitCode> {
  const { positionals, env, printer } = context;
  const [file, extra] = positionals;
  if (file === undefined) throw new ProofError('OPTION_INVALID', 'nx-proof key trust needs the FILE of a public key', { details: { option: 'FILE' } });
  if (extra !== undefined) throw invalid('FILE', extra, 'is a second file; trust one key at a time');
  const root = await findWorkspaceRoot(env.cwd);
  const projects = projectsOption(context);
  const scope = textOption(context, 'scope') === 'local' ? ({ scope: 'local' } as const) : {};
  const { publicKeyPem: _, ...key } = await trustKey(root, path.resolve(env.cwd, file), { ...(projects === undefined ? {} : { projects }), ...scope });
  const state = key.isChanged ? `${key.rule} of proof.policy.json now accepts` : `${key.rule} of proof.policy.json accepts already`;
  printer.status(`${state} the ${key.type} key ${key.fingerprint}; it lies in ${key.file}`);
  printer.document({ key, exitCode: EXIT.ok });
  return EXIT.ok;
}

function projectsOption(context: CommandContext): string[] | undefined {
  const value = textOption(context, 'projects');
  if (value === undefined) return undefined;
  const projects = value.split(',').map((entry) => entry.trim());
  if (projects.includes('')) throw invalid('--projects', value, 'has an empty entry; separate names, globs or tag:NAME by single commas');
  return projects;
}

/** `nx-proof key list`. */
export async function runKeyList({ env, printer }: CommandContext): Promise<ExitCode> {
  const keys = await listKeys(env, await findWorkspaceRoot(env.cwd));
  printer.status(`${count(keys.length, 'key')}`);
  printer.lines(keys.map(keyLine));
  printer.document({ keys, exitCode: EXIT.ok });
  return EXIT.ok;
}

function keyLine({ fingerprint, type, file, rules, isOwn }: ListedKey): string {
  const facts = [type, ...(isOwn ? ['your own'] : []), file === undefined ? 'not in proof.keys/' : 'in proof.keys/', rules.length === 0 ? 'in no rule' : rules.join(', ')];
  return `  ${fingerprint}  ${facts.join('; ')}`;
}
