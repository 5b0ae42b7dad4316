import type { Egress } from './egress.js';

/** The settings, read once and frozen. Times carry their unit in their name. */
export interface Config {
  readonly http: {
    readonly port: number;
    readonly host: string;
    /** null: links are built from each request */
    readonly publicUrl: string | null;
    readonly trustProxy: boolean | string[];
    readonly pageSize: number;
    readonly pageSizeMax: number;
    /** for which all goes on after a signal to stop, but for the readiness */
    readonly shutdownDelayMs: number;
  };
  /** per replica; 0 for none */
  readonly limits: {
    readonly requestsPerTokenPerMinute: number;
    readonly failedAuthenticationsPerMinute: number;
  };
  readonly database: { readonly url: string };
  /** the replaced service's database, for the import; null where it is given otherwise */
  readonly legacy: { readonly databaseUrl: string | null };
  readonly admin: { readonly email: string; readonly token: string | null };
  readonly secrets: {
    readonly key: string;
    readonly fallbacks: readonly string[];
    /** the file that the key was read from; null for `SECRET_KEY` */
    readonly file: string | null;
  };
  /** whose schedules a user who is no admin may see and change */
  readonly visibility: Visibility;
  readonly roles: readonly Role[];
  readonly delivery: {
    readonly requestTimeoutMs: number;
    readonly maxAttempts: number;
    readonly concurrency: number;
    readonly concurrencyPerOrigin: number;
  };
  readonly scheduling: { readonly catchUpWindowSeconds: number };
  readonly history: {
    readonly retentionDays: number;
    /** whether the start of each response is kept */
    readonly storesResponses: boolean;
  };
  readonly egress: Egress;
  readonly audit: { readonly retentionDays: number };
  readonly metrics: {
    readonly pushUrl: string | null;
    readonly pushAuth: { readonly user: string; readonly password: string } | null;
  };
  /** spans for OpenTelemetry; null: off */
  readonly tracing: {
    readonly otlpEndpoint: string | null;
    readonly serviceName: string;
    readonly sampler: Sampler;
    readonly samplerRatio: number;
  };
  readonly log: { readonly level: string };
}

export const ROLES = ['api', 'scheduler', 'worker'] as const;
export type Role = (typeof ROLES)[number];

/** `group`: one's own and those of the members of one's groups. `all`: everybody's. */
export const VISIBILITIES = ['group', 'all'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** Those of OpenTelemetry's environment variables. */
export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type Sampler = (typeof SAMPLERS)[number];

/** Injection token of the `Config`. */
export const CONFIG = Symbol('CONFIG');
