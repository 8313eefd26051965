import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

export type PackageManager = 'npm' | 'pnpm';
export type NxVersion = '24.0.6' | '23.3.2';

/** Many workspaces have installed @nx/devkit, and many nx alone: the older Nx is tried without. */
const DEVKIT: Record<NxVersion, Record<string, string>> = { '24.0.6': { '@nx/devkit': '24.0.0' }, '23.3.2': {} };

export interface DemoOptions {
  readonly pm: PackageManager;
  readonly nx: NxVersion;
  /** The name under which the package is installed; nx-proof unless set. */
  readonly alias?: string;
  readonly tarball: string;
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** A build without a compiler: dist is src, and a line more in main.js. */
const BUILD = `import { appendFile, cp, rm } from 'node:fs/promises';
import path from 'node:path';

const [root] = process.argv.slice(2);
const dist = path.join(root, 'dist');
await rm(dist, { recursive: true, force: true });
await cp(path.join(root, 'src'), dist, { recursive: true });
await appendFile(path.join(dist, 'main.js'), '// built\\n');
`;

/** Names that a glob, a shell or a byte order gets wrong. */
export const ODD_NAMES = ['[id].js', '(group)/page.js', 'a b.txt', 'größe.txt', '.well-known/dot.txt', '!not.js'];

const project = (name: string): string =>
  json({
    name,
    targets: {
      build: {
        command: 'node build.mjs {projectRoot}',
        cache: true,
        dependsOn: ['^build'],
        inputs: ['default', '^default', '{workspaceRoot}/build.mjs'],
        outputs: ['{projectRoot}/dist'],
      },
    },
  });

function files(options: DemoOptions): Record<string, string> {
  const workspaceSpec = options.pm === 'pnpm' ? 'workspace:*' : '*';
  const workspaces = ['apps/*', 'libs/*'];
  const manifest = {
    name: 'demo',
    private: true,
    ...(options.pm === 'npm' ? { workspaces } : {}),
    devDependencies: { ...DEVKIT[options.nx], nx: options.nx, [options.alias ?? 'nx-proof']: `file:${options.tarball}` },
  };
  return {
    'package.json': json(manifest),
    ...(options.pm === 'pnpm' ? { 'pnpm-workspace.yaml': `packages:\n${workspaces.map((glob) => `  - ${glob}\n`).join('')}` } : {}),
    'nx.json': json({ namedInputs: { default: ['{projectRoot}/**/*'], production: ['default'] }, analytics: false }),
    '.gitignore': 'node_modules/\ndist/\n.nx/\n',
    'build.mjs': BUILD,
    'apps/app/package.json': json({ name: 'app', version: '1.0.0', private: true, dependencies: { '@demo/lib': workspaceSpec } }),
    'apps/app/project.json': project('app'),
    'apps/app/src/main.js': "import { greet } from '@demo/lib';\nconsole.log(greet('app'));\n",
    ...Object.fromEntries(ODD_NAMES.map((name) => [`apps/app/src/${name}`, `${name}\n`])),
    'libs/lib/package.json': json({ name: '@demo/lib', version: '1.0.0', private: true, main: 'dist/main.js' }),
    'libs/lib/project.json': project('lib'),
    'libs/lib/src/main.js': 'export const greet = (name) => `hello ${name}`;\n',
  };
}

/** Writes a workspace of two projects, `app` and the library `lib` (package @demo/lib) that it depends on. */
export async function writeDemo(root: string, options: DemoOptions): Promise<void> {
  for (const [name, text] of Object.entries(files(options))) {
    const file = path.join(root, ...name.split('/'));
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
}
