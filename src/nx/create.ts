import { createProof } from '../commands/create';
import { count, formatBytes, statusLine } from '../model/report';
import { VERSION } from '../version';
import { projectOf, resolveBuild } from './context';
import type { Runner } from './runner';

export const createRunner: Runner<'create'> = ({ session, context, nxVersion }) => async (name, options) => {
  const { artifacts: _artifacts, buildTarget: _buildTarget, ...rest } = options;
  const build = resolveBuild(context, projectOf(session.workspace, name), options);
  const result = await createProof(session, { ...build, options: rest, versions: { nx: nxVersion, nxProof: VERSION } });
  const collapsed = result.collapsed ? ', named by a manifest' : '';
  const line = `created the statement sha256:${result.statementSha256} of ${count(result.files, 'file')}, ${formatBytes(result.bytes)}${collapsed}`;
  return { success: true, lines: [statusLine(name, line)] };
};
