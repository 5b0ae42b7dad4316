import { SIGNING_SECRETS } from './auth/signing-secrets.queries.js';
import type { Config } from './config/config.js';
import { configOf } from './config/load-config.js';
import { readEnvironment } from './config/environment.js';
import { hasSecretKeys, secretKeyFile } from './config/secret-key.js';
import { readSettings, type Settings } from './config/settings.js';
import { StartError } from './config/start-error.js';
import { startEmbeddedPostgres } from './database/embedded-postgres.js';
import { AUTH_TOKENS } from './schedules/auth-tokens.js';
import { keysInDatabase } from './secrets/keys-in-database.js';
import { idOfSecretKey } from './secrets/secret-cipher.js';
import { lostKeyFileMessage } from './secrets/unknown-key.js';

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
    if (embedded) await refuseNewKeyForOldSecrets(settings, embedded.url);
    return await use(configOf(settings, embedded?.url ?? null));
  } finally {
    await embedded?.stop();
  }
}

/** A new key would be made where the file is missing: it must not be while secrets are sealed under another one. */
async function refuseNewKeyForOldSecrets(settings: Settings, url: string): Promise<void> {
  const { SECRET_KEY, SECRET_KEY_FALLBACKS, DATA_DIR } = settings;
  if (SECRET_KEY || hasSecretKeys(DATA_DIR)) return;
  const inUse = await keysInDatabase(url, [AUTH_TOKENS, SIGNING_SECRETS]);
  const isRotation = SECRET_KEY_FALLBACKS.some((key) => inUse.includes(idOfSecretKey(key)));
  // Another process may have made file and first key meanwhile.
  if (inUse.length === 0 || isRotation || hasSecretKeys(DATA_DIR)) return;
  throw new StartError(lostKeyFileMessage(inUse, secretKeyFile(DATA_DIR)));
}
