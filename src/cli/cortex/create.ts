import { createEnvelope, type EnvelopeRequest } from '../../commands/envelope/create';
import type { ExitCode } from '../../errors';
import { toWorkspacePath } from '../../files';
import { count, formatBytes, statusLine } from '../../model/report';
import { fileOption, type CommandContext } from '../context';
import { finish, outcomeOf, printOutcome } from '../outcomes';
import { jsonOption, requiredText } from './json-option';
import { inPlace, withoutProjects } from './place';

/** `cortex-proofs create`. */
export async function runCreate(context: CommandContext): Promise<ExitCode> {
  const request = await requestOf(context);
  const out = fileOption(context, 'out');
  return inPlace(context, withoutProjects, async ({ session, bounds, clear }) => {
    const outcome = await outcomeOf(request.artifact, async () => {
      const { file, files, bytes } = await createEnvelope(session, bounds, request, out);
      return { file: toWorkspacePath(context.env.cwd, file) ?? file, files, bytes };
    });
    clear();
    printOutcome(context.printer, outcome, ({ file, files, bytes }) => [statusLine(file, `created the proof envelope of ${count(files, 'file')}, ${formatBytes(bytes)}; nobody has signed it yet`)]);
    return finish(context.printer, [outcome], 'created', 'proof');
  });
}

/** Of what form the JSON is, the schema of the envelope decides. */
async function requestOf(context: CommandContext): Promise<EnvelopeRequest> {
  const artifact = requiredText(context, 'artifact', 'FILE');
  const mime = requiredText(context, 'mime', 'TYPE');
  for (const name of ['context', 'runtime']) requiredText(context, name, 'JSON');
  const [publicContext, runtime, evidence, policyReceipts, trace, sealedRef] = await Promise.all(
    ['context', 'runtime', 'evidence', 'policy', 'trace', 'sealed-ref'].map((name) => jsonOption(context, name)),
  );
  const request = {
    artifact,
    mime,
    context: { public: publicContext, ...(sealedRef === undefined ? {} : { sealedRef }) },
    runtime,
    ...(evidence === undefined ? {} : { evidence }),
    ...(policyReceipts === undefined ? {} : { policyReceipts }),
    ...(trace === undefined ? {} : { trace }),
    bundle: context.lists['bundle'] ?? [],
  };
  return request as EnvelopeRequest;
}
