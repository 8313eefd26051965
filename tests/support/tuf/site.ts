import path from 'node:path';
import type { Env } from '../../../src/env';
import { createHttp, type Http } from '../../../src/http';
import { openMachineKey } from '../../../src/machine-key';
import { TRUST_FOLDER, loadTrustRoot, refreshTrustRoot, trustSettings, tufSource, type TrustContext, type TrustRoot, type TufSource } from '../../../src/trust';
import { testEnv } from '../env';
import { temporaryFolder } from '../folder';
import { startMirror, type Mirror } from './mirror';
import { TufRepository, trustedRootWith } from './repository';

/** A workspace, a user, and a TUF mirror: all that the trust cache meets. */
export class TrustSite {
  readonly repository = new TufRepository(trustedRootWith('one'));
  readonly workspace = temporaryFolder();
  home = temporaryFolder();
  mirror!: Mirror;
  source!: TufSource;
  /** Added to the time of the machine, in ms. */
  clock = 0;
  /** Background refreshes that were asked for. */
  later = 0;
  #http!: Http;

  static async open(): Promise<TrustSite> {
    const site = new TrustSite();
    site.mirror = await startMirror(site.repository);
    site.source = tufSource(site.mirror.url, site.repository.anchor);
    site.#http = createHttp({ env: site.env, endpoints: [site.mirror.url], timing: { random: () => 0, sleep: () => Promise.resolve() } });
    return site;
  }

  get env(): Env {
    return testEnv({ XDG_CONFIG_HOME: this.home, APPDATA: this.home }, { now: () => new Date(Date.now() + this.clock) });
  }

  async context(change: Partial<TrustContext> = {}): Promise<TrustContext> {
    const machineKey = await openMachineKey(this.env, this.workspace);
    const refreshLater = (): void => void (this.later += 1);
    return { env: this.env, workspaceRoot: this.workspace, settings: trustSettings({}), http: this.#http, machineKey, correlation: 'test', refreshLater, ...change };
  }

  async load(change: Partial<TrustContext> = {}): Promise<TrustRoot> {
    return loadTrustRoot(await this.context(change), this.source);
  }

  async refresh(options: { ifStale?: boolean } = {}, change: Partial<TrustContext> = {}): Promise<TrustRoot> {
    return refreshTrustRoot(await this.context(change), this.source, options);
  }

  file(name: string): string {
    return path.join(this.workspace, TRUST_FOLDER, name);
  }

  get entry(): string {
    return this.file(`${this.source.id}.entry`);
  }

  /** Publishes another trusted root. */
  rotate(operator: string): void {
    this.repository.targets.set('trusted_root.json', Buffer.from(trustedRootWith(operator)));
    this.repository.publish();
  }

  /** Nothing answers any more. */
  async cut(): Promise<void> {
    await this.mirror.close();
  }

  async close(): Promise<void> {
    await this.#http.close();
    await this.mirror.close().catch(() => undefined);
  }
}

export const operatorOf = ({ trustedRoot }: TrustRoot): string => (JSON.parse(trustedRoot.toString()) as { tlogs: { operator: string }[] }).tlogs[0]!.operator;
