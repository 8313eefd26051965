import { mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { runCli, type CliOptions, type CliResult } from './cli';
import { TestWorkspace, type ProjectInput } from './workspace';

export const BUNDLE = '.proof/sign/bundle.sigstore.json';
export const STATEMENT = '.proof/create/statement.intoto.json';

/** A real workspace with project files, a key that its policy trusts, and a user's configuration folder of its own. */
export class CliWorkspace {
  private constructor(
    readonly ws: TestWorkspace,
    readonly home: string,
  ) {}

  static async create(projects: readonly ProjectInput[] = [{ name: 'app' }]): Promise<CliWorkspace> {
    const files = Object.fromEntries(projects.map(({ name, root = `apps/${name}` }) => [`${root}/project.json`, projectJson(name)]));
    const cli = new CliWorkspace(await TestWorkspace.create(projects, files), await realpath(await mkdtemp(path.join(os.tmpdir(), 'nx-proof-home-'))));
    await cli.ok('key', 'generate');
    await cli.ok('key', 'trust', path.join(cli.home, 'nx-proof', 'signing.pub.pem'));
    return cli;
  }

  get root(): string {
    return this.ws.root;
  }

  run(argv: readonly string[], { env, ...options }: Partial<CliOptions> = {}): Promise<CliResult> {
    return runCli(argv, { cwd: this.root, ...options, env: { XDG_CONFIG_HOME: this.home, APPDATA: this.home, ...env } });
  }

  async ok(...argv: string[]): Promise<CliResult> {
    const result = await this.run(argv);
    if (result.exitCode !== 0) throw new Error(`nx-proof ${argv.join(' ')}: exit ${result.exitCode}\n${result.stdout}${result.stderr}`);
    return result;
  }

  /** Makes and signs the proofs of these projects. */
  async prove(...names: string[]): Promise<void> {
    for (const name of names) await this.ws.create(name);
    await this.ok('sign', ...names);
  }

  async remove(): Promise<void> {
    await this.ws.remove();
    await rm(this.home, { recursive: true, force: true });
  }
}

export const projectJson = (name: string, outputs: readonly string[] | undefined = ['{projectRoot}/dist']): string =>
  JSON.stringify({ name, targets: { build: { executor: 'nx:noop', ...(outputs === undefined ? {} : { outputs }) } } });
