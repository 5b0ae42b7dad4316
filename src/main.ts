import { createApplication } from './application.js';
import { configOf } from './config/load-config.js';
import { readSettings, SettingsError } from './config/settings.js';
import { startEmbeddedPostgres } from './database/embedded-postgres.js';
import { shutDown } from './shutdown.js';

async function main(): Promise<void> {
  // Before anything else, so that a signal during the start is not lost: it is obeyed when there is something to stop.
  const signalled = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
  const settings = readSettings(process.env);
  const embedded = settings.DATABASE_URL ? null : await startEmbeddedPostgres({ dataDir: settings.DATA_DIR, log });
  try {
    const config = configOf(settings, embedded?.url ?? null);
    const app = await createApplication(config);
    await app.listen(config.http.port, config.http.host);
    log(`Seed Scheduler is ready at ${await app.getUrl()}`);
    await signalled;
    await shutDown(app, config);
  } finally {
    await embedded?.stop();
  }
}

function log(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const message = error instanceof SettingsError ? error.message : ((error as Error).stack ?? String(error));
    process.stderr.write(`${message}\n`);
    process.exit(1);
  },
);
