import { readFileSync } from 'node:fs';
import { createHttp } from '../../../src/http';
import { openMachineKey } from '../../../src/machine-key';
import { loadTrustRoot, trustSettings, tufSource } from '../../../src/trust';

/** program WORKSPACE MIRROR ROOT-FILE HOURS: prints the trust root that this process gets, HOURS from now. */
async function main([workspaceRoot = '', mirror = '', rootFile = '', hours = '']: readonly string[]): Promise<void> {
  const now = (): Date => new Date(Date.now() + Number(hours) * 3600 * 1000);
  const env = { now, env: process.env, cwd: workspaceRoot, signal: new AbortController().signal };
  const http = createHttp({ env, endpoints: [mirror] });
  const machineKey = await openMachineKey(env, workspaceRoot);
  const refreshLater = (): void => void process.stdout.write('later\n');
  const context = { env, workspaceRoot, settings: trustSettings({}), http, machineKey, correlation: String(process.pid), refreshLater };
  process.stdout.write('started\n');
  const { sha256, state, warnings } = await loadTrustRoot(context, tufSource(mirror, readFileSync(rootFile)));
  process.stdout.write(`${JSON.stringify({ sha256, state, warnings })}\n`);
  await http.close();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${(error as { code?: string }).code ?? ''} ${String(error)}\n`);
  process.exitCode = 1;
});
