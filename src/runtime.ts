import type { Config } from './config/config.js';
import { configOf } from './config/load-config.js';
import { readEnvironment } from './config/environment.js';
import { readSettings, type Settings } from './config/settings.js';
import { startEmbeddedPostgres } from './database/embedded-postgres.js';

/**
 * Reads the settings from the environment and the file `.env` of the working directory.
 *
 * @throws SettingsError
 */
export function settingsOfEnvironment(): Settings {
  const { variables, ...dotEnv } = readEnvironment(process.env);
  const settings = readSettings(variables, dotEnv);
  // For what libraries read themselves, such as OTEL_EXPORTER_OTLP_HEADERS.
  for (const name of dotEnv.fromFile) process.env[name] = variables[name];
  return settings;
}

export interface RuntimeOptions {
  /** read already; otherwise they are read from the environment */
  settings?: Settings;
  /** ends the start of the embedded database */
  signal?: AbortSignal;
}

/**
 * Reads the settings and calls `use` with them. When they name no database the embedded one is started, or joined if
 * another process has it running, and left afterwards.
 *
 * @param log takes lines for the person at the terminal
 * @throws StartError
 */
export async function withConfig<T>(
  log: (line: string) => void,
  use: (config: Config) => Promise<T>,
  { settings = settingsOfEnvironment(), signal }: RuntimeOptions = {},
): Promise<T> {
  const { DATABASE_URL, DATA_DIR } = settings;
  const embedded = DATABASE_URL ? null : await startEmbeddedPostgres({ dataDir: DATA_DIR, log, signal });
  try {
    return await use(configOf(settings, embedded?.url ?? null));
  } finally {
    await embedded?.stop();
  }
}
