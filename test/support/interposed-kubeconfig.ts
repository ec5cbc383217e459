import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { InterposedApiServer } from './interposed-api-server.ts';

/**
 * Starts a server that stands before an API server, with a kubeconfig file that leads to it; both go
 * after the last test.
 */
export async function interposeApiServer(
  kubeconfig: string,
): Promise<{ readonly server: InterposedApiServer; readonly kubeconfig: string }> {
  const server = await InterposedApiServer.start(kubeconfig);
  const directory = await mkdtemp(path.join(tmpdir(), 'interposed-'));
  after(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const file = path.join(directory, 'kubeconfig.json');
  await writeFile(file, server.kubeConfig().exportConfig());
  return { server, kubeconfig: file };
}
