import { createProof, type CreateResult } from '../commands/create';
import { count, formatBytes, statusLine } from '../model/report';
import type { CreateOptions } from '../model/types';
import { VERSION } from '../version';
import { projectOf, resolveBuild } from './context';
import type { Runner, Shared } from './runner';

export const createRunner: Runner<'create'> = (shared) => async (name, options) => {
  return { success: true, lines: [createdLine(await createProject(shared, name, options))] };
};

/** Creates the proof of a project as its create target with these options says. */
export function createProject({ session, context, nxVersion }: Shared, name: string, options: CreateOptions): Promise<CreateResult> {
  const { artifacts: _artifacts, buildTarget: _buildTarget, ...rest } = options;
  const build = resolveBuild(context, projectOf(session.workspace, name), options);
  return createProof(session, { ...build, options: rest, versions: { nx: nxVersion, nxProof: VERSION } });
}

export function createdLine({ project, statementSha256, files, bytes, collapsed }: CreateResult): string {
  const named = collapsed ? ', named by a manifest' : '';
  return statusLine(project, `created the statement sha256:${statementSha256} of ${count(files, 'file')}, ${formatBytes(bytes)}${named}`);
}
