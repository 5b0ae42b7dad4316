import { setTimeout as delay } from 'node:timers/promises';
import { createApplication } from './application.js';
import type { Config } from './config/config.js';
import { hostOf } from './config/load-config.js';
import { interruption } from './interruption.js';
import { Listener } from './listener.js';
import { standardOutput } from './logging/standard-output.js';
import { settingsOfEnvironment, withConfig } from './runtime.js';
import { shutDown } from './shutdown.js';

/** A start that is interrupted may go on this long, in case it is nearly done and can be ended in good order. */
const START_GRACE_MS = 2_000;
/** What is still to be written has this long to go out before the process ends. */
const LAST_LINES_MS = 1_000;

/**
 * Runs the service until a signal ends it. The port is bound first: nothing is made, taken or printed before.
 *
 * @throws StartError
 */
export async function serve(): Promise<void> {
  const interrupted = interruption();
  const settings = settingsOfEnvironment();
  const listener = await Listener.bind(settings.PORT, hostOf(settings));
  try {
    await withConfig(log, (config) => run(config, listener, interrupted), { settings, signal: interrupted });
  } catch (error) {
    // The start was given up, which is what was asked for.
    if (!interrupted.aborted) throw error;
  }
  await standardOutput.drained(LAST_LINES_MS);
}

async function run(config: Config, listener: Listener, interrupted: AbortSignal): Promise<void> {
  const stop = new Promise<void>((resolve) => {
    if (interrupted.aborted) resolve();
    interrupted.addEventListener('abort', () => resolve());
  });
  const starting = createApplication(config, listener);
  const app = await Promise.race([starting, stop.then(() => delay(START_GRACE_MS))]);
  if (!app) {
    // It ends with the process.
    starting.catch(() => undefined);
    return;
  }
  listener.open();
  log(`Seed Scheduler is ready at ${listener.url}`);
  await stop;
  await shutDown(app, config);
}

function log(line: string): void {
  standardOutput.line(line);
}
