import type { Config, Role, Sampler } from './config.js';
import { egressRanges } from './egress.js';
import { ensureSecretKeys, secretKeyFile } from './secret-key.js';
import type { Settings } from './settings.js';

/**
 * The settings in the form the service uses.
 *
 * @param databaseUrl of the embedded PostgreSQL, or null when `DATABASE_URL` names another
 */
export function configOf(settings: Settings, databaseUrl: string | null): Config {
  const isEmbedded = databaseUrl !== null;
  const config: Config = {
    http: {
      port: settings.PORT,
      host: hostOf(settings),
      publicUrl: settings.PUBLIC_URL?.replace(/\/+$/, '') ?? null,
      trustProxy: trustProxy(settings.TRUST_PROXY),
      pageSize: settings.PAGE_SIZE,
      pageSizeMax: settings.PAGE_SIZE_MAX,
      shutdownDelayMs: settings.SHUTDOWN_DELAY * 1000,
    },
    limits: {
      requestsPerTokenPerMinute: settings.RATE_LIMIT_PER_TOKEN,
      failedAuthenticationsPerMinute: settings.RATE_LIMIT_FAILED_AUTH,
    },
    database: { url: databaseUrl ?? settings.DATABASE_URL ?? '' },
    legacy: { databaseUrl: settings.IMPORT_DATABASE_URL ?? null },
    admin: { email: settings.SCHEDULER_ADMIN_EMAIL, token: settings.SCHEDULER_ADMIN_TOKEN ?? null },
    secrets: secretKeys(settings),
    visibility: settings.SCHEDULE_VISIBILITY,
    roles: settings.ROLES as Role[],
    delivery: {
      requestTimeoutMs: settings.DEFAULT_REQUEST_TIMEOUT * 1000,
      maxAttempts: settings.DELIVERY_MAX_ATTEMPTS,
      concurrency: settings.DELIVERY_CONCURRENCY,
      concurrencyPerOrigin: settings.DELIVERY_CONCURRENCY_PER_ORIGIN,
    },
    scheduling: { catchUpWindowSeconds: settings.CATCH_UP_WINDOW },
    history: { retentionDays: settings.HISTORY_RETENTION_DAYS, storesResponses: settings.STORE_RESPONSES },
    egress: {
      // A developer's machine.
      isLoopbackOpen: isEmbedded,
      allow: egressRanges(settings.EGRESS_ALLOW),
      deny: egressRanges(settings.EGRESS_DENY),
    },
    audit: { retentionDays: settings.AUDIT_RETENTION_DAYS },
    metrics: {
      pushUrl: settings.METRICS_URL?.replace(/\/+$/, '') ?? null,
      pushAuth:
        settings.METRICS_AUTH_USER && settings.METRICS_AUTH_PASSWORD
          ? { user: settings.METRICS_AUTH_USER, password: settings.METRICS_AUTH_PASSWORD }
          : null,
    },
    tracing: {
      otlpEndpoint: settings.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/+$/, '') ?? null,
      serviceName: settings.OTEL_SERVICE_NAME,
      sampler: settings.OTEL_TRACES_SAMPLER as Sampler,
      samplerRatio: settings.OTEL_TRACES_SAMPLER_ARG,
    },
    log: { level: settings.LOG_LEVEL },
  };
  return Object.freeze(config);
}

/** The address to listen on. The embedded database is a developer's: its service is not for others to reach. */
export function hostOf({ HOST, DATABASE_URL }: Settings): string {
  return HOST ?? (DATABASE_URL ? '0.0.0.0' : '127.0.0.1');
}

function secretKeys({ SECRET_KEY, SECRET_KEY_FALLBACKS, DATA_DIR }: Settings): Config['secrets'] {
  if (SECRET_KEY) return { key: SECRET_KEY, fallbacks: SECRET_KEY_FALLBACKS, file: null };
  const { key, fallbacks } = ensureSecretKeys(DATA_DIR);
  return { key, fallbacks: [...fallbacks, ...SECRET_KEY_FALLBACKS], file: secretKeyFile(DATA_DIR) };
}

function trustProxy(text: string | undefined): boolean | string[] {
  if (!text || /^(false|no|off|0)$/i.test(text)) return false;
  if (/^(true|yes|on|1)$/i.test(text)) return true;
  return text.split(',').map((item) => item.trim());
}
