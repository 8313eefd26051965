import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { attestEnvelope, envelopeBinding } from '../../src/model/envelope';
import { jsonDocument } from '../../src/model/json';
import type { ProofEnvelope } from '../../src/model/types';
import type { EnvelopeVerdict } from '../../src/model/verdict';
import { keySigner } from '../../src/sign';
import type { CliOptions, CliResult } from './cli';
import { CliWorkspace } from './cli-workspace';
import type { TestWorkspace } from './workspace';

export const RUNTIME = '{"model":"gpt-5-codex"}';
/** What `create` needs beside the artifact. */
export const DESCRIBED = ['--mime', 'text/markdown', '--context', '{"instruction":"summarize"}', '--runtime', RUNTIME];

/** A workspace with the members app and lib, a report in app, and a key that the policy trusts. */
export class EnvelopeWorkspace {
  private constructor(readonly cli: CliWorkspace) {}

  static async create(): Promise<EnvelopeWorkspace> {
    const workspace = new EnvelopeWorkspace(await CliWorkspace.create([{ name: 'app' }, { name: 'lib', root: 'libs/lib' }]));
    await workspace.ws.write('apps/app/report.md', '# Report\n\nAll is well.\n');
    return workspace;
  }

  get ws(): TestWorkspace {
    return this.cli.ws;
  }

  get key(): string {
    return path.join(this.cli.home, 'nx-proof', 'signing.key.pem');
  }

  run(argv: readonly string[], options: Partial<CliOptions> = {}): Promise<CliResult> {
    return this.cli.run(argv, { ...options, program: 'cortex-proofs' });
  }

  async ok(argv: readonly string[], options: Partial<CliOptions> = {}): Promise<CliResult> {
    const result = await this.run(argv, options);
    if (result.exitCode !== 0) throw new Error(`cortex-proofs ${argv.join(' ')}: exit ${result.exitCode}\n${result.stdout}${result.stderr}`);
    return result;
  }

  create(artifact = 'apps/app/report.md', ...more: string[]): Promise<CliResult> {
    return this.ok(['create', '--artifact', artifact, ...DESCRIBED, ...more]);
  }

  sign(...proofs: string[]): Promise<CliResult> {
    return this.ok(['sign', '--key', this.key, ...proofs]);
  }

  /** Creates and signs the envelope of a file; gives the envelope's path. */
  async prove(artifact = 'apps/app/report.md', ...more: string[]): Promise<string> {
    await this.create(artifact, ...more);
    await this.sign(`${artifact}.proof.json`);
    return `${artifact}.proof.json`;
  }

  async verdict(proof: string, ...options: string[]): Promise<EnvelopeVerdict> {
    const result = await this.run(['verify', proof, '--json', ...options]);
    const verdict = (result.json().outcomes[0] as { verdict?: EnvelopeVerdict } | undefined)?.verdict;
    if (verdict === undefined) throw new Error(result.stdout);
    return verdict;
  }

  envelope(proof: string): Promise<ProofEnvelope> {
    return this.ws.json<ProofEnvelope>(proof);
  }

  async edit(proof: string, change: (envelope: ProofEnvelope) => void): Promise<void> {
    const envelope = await this.envelope(proof);
    change(envelope);
    await this.ws.write(proof, JSON.stringify(envelope, null, 2));
  }

  /** The payload of the envelope's bundle. */
  async payload(proof: string): Promise<Buffer> {
    const { attestations = [] } = await this.envelope(proof);
    const bundle = JSON.parse(Buffer.from(attestations[0]?.statement ?? '', 'base64').toString()) as { dsseEnvelope: { payload: string } };
    return Buffer.from(bundle.dsseEnvelope.payload, 'base64');
  }

  /** Signs other bytes in the place of the statement, with the trusted key: what a signer that lies would make. */
  async resign(proof: string, payload: (statement: Record<string, never>) => unknown, key?: KeyObject): Promise<void> {
    const statement = payload(JSON.parse((await this.payload(proof)).toString()) as Record<string, never>);
    const bytes = Buffer.isBuffer(statement) ? statement : Buffer.from(jsonDocument(statement));
    const signer = keySigner(key ?? createPrivateKey(await readFile(this.key)));
    await this.ws.write(proof, jsonDocument(attestEnvelope(await this.envelope(proof), await signer.sign(bytes), signer.issuer)));
  }

  remove(): Promise<void> {
    return this.cli.remove();
  }
}

export { envelopeBinding };
/** The failed checks as `name CODE`. */
export const failedChecks = ({ checks }: EnvelopeVerdict): string[] => checks.filter(({ status }) => status === 'failed').map(({ name, code }) => `${name} ${String(code)}`);
