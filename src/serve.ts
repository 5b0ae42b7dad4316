import { createApplication } from './application.js';
import { withConfig } from './runtime.js';
import { shutDown } from './shutdown.js';

/** Runs the service until a signal ends it. */
export async function serve(): Promise<void> {
  // Before anything else, so that a signal during the start is not lost: it is obeyed when there is something to stop.
  const signalled = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  await withConfig(log, async (config) => {
    const app = await createApplication(config);
    await app.listen(config.http.port, config.http.host);
    log(`Seed Scheduler is ready at ${await app.getUrl()}`);
    await signalled;
    await shutDown(app, config);
  });
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}
