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
  };
  /** per replica; 0 for none */
  readonly limits: {
    readonly requestsPerTokenPerMinute: number;
    readonly failedAuthenticationsPerMinute: number;
  };
  readonly database: { readonly url: string };
  readonly admin: { readonly email: string; readonly token: string | null };
  readonly secrets: { readonly key: string; readonly fallbacks: readonly string[] };
  readonly roles: readonly Role[];
  readonly delivery: {
    readonly requestTimeoutMs: number;
    readonly maxAttempts: number;
    readonly concurrency: number;
    readonly concurrencyPerOrigin: number;
  };
  readonly scheduling: { readonly catchUpWindowSeconds: number };
  readonly history: { readonly retentionDays: number };
  readonly metrics: {
    readonly pushUrl: string | null;
    readonly pushAuth: { readonly user: string; readonly password: string } | null;
  };
  readonly log: { readonly level: string };
}

export const ROLES = ['api', 'scheduler', 'worker'] as const;
export type Role = (typeof ROLES)[number];

/** Injection token of the `Config`. */
export const CONFIG = Symbol('CONFIG');
