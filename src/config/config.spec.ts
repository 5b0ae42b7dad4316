import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { completeConfig, ConfigError, readConfig } from './config.js';

const KEY = 'k'.repeat(32);
const REMOTE = { DATABASE_URL: 'postgres://db.example/seed', SECRET_KEY: KEY };

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('an empty environment', () => {
  it('gives the documented defaults and the embedded database, listening on loopback', () => {
    expect(readConfig({})).toEqual({
      dataDir: resolve('.data'),
      http: { host: '127.0.0.1', port: 3000, publicUrl: null, trustProxy: false, pageSize: 100, pageSizeMax: 1000 },
      database: { isEmbedded: true, url: null },
      secretKey: { current: null, fallbacks: [] },
      admin: { email: 'admin@localhost', token: null },
      roles: ['api', 'scheduler', 'worker'],
      schedules: { catchUpWindowSeconds: 86_400, visibility: 'own' },
      delivery: { requestTimeoutMs: 30_000, maxAttempts: 6, concurrency: 256, concurrencyPerOrigin: 50 },
      egress: { allow: [], deny: [] },
      history: { retentionDays: 30 },
      metrics: { pushUrl: null, pushAuth: null },
      log: { level: 'info' },
    });
  });

  it('is what blank settings count as', () => {
    expect(readConfig({ PORT: ' ', DATABASE_URL: '', ROLES: '', TRUST_PROXY: '' })).toEqual(readConfig({}));
  });

  it('is frozen at every depth', () => {
    const config = readConfig({});
    expect([config, config.http, config.roles, config.delivery, config.egress.allow].every(Object.isFrozen)).toBe(true);
  });
});

describe('a full environment', () => {
  it('is read into typed values', () => {
    const config = readConfig({
      ...REMOTE,
      PORT: '0',
      DATA_DIR: '/var/data',
      SECRET_KEY_FALLBACKS: `${'a'.repeat(32)}, ${'b'.repeat(40)}`,
      PUBLIC_URL: 'https://example.org/scheduler/',
      TRUST_PROXY: '10.0.0.0/8, ::1',
      ROLES: 'worker,api',
      DEFAULT_REQUEST_TIMEOUT: '2.5',
      EGRESS_DENY: 'private, 198.51.100.0/24',
      METRICS_URL: 'http://metrics/api/',
      METRICS_AUTH_USER: 'u',
      METRICS_AUTH_PASSWORD: 'p',
    });

    expect(config).toMatchObject({
      dataDir: '/var/data',
      http: { host: '0.0.0.0', port: 0, publicUrl: 'https://example.org/scheduler', trustProxy: ['10.0.0.0/8', '::1'] },
      database: { isEmbedded: false, url: REMOTE.DATABASE_URL },
      secretKey: { current: KEY, fallbacks: ['a'.repeat(32), 'b'.repeat(40)] },
      roles: ['api', 'worker'],
      delivery: { requestTimeoutMs: 2500 },
      egress: { allow: [], deny: ['private', '198.51.100.0/24'] },
      metrics: { pushUrl: 'http://metrics/api', pushAuth: { user: 'u', password: 'p' } },
    });
  });

  it.each([
    ['true', true],
    ['False', false],
  ])('takes TRUST_PROXY=%s as a switch', (TRUST_PROXY, expected) => {
    expect(readConfig({ TRUST_PROXY }).http.trustProxy).toBe(expected);
  });

  it('is completed by what was generated, which never replaces what was given', () => {
    const generated = { databaseUrl: 'postgres://127.0.0.1:1/x', secretKey: 'generated' };

    expect(completeConfig(readConfig({}), generated)).toMatchObject({
      database: { isEmbedded: true, url: generated.databaseUrl },
      secretKey: { current: 'generated' },
    });
    expect(completeConfig(readConfig(REMOTE), generated)).toMatchObject({
      database: { isEmbedded: false, url: REMOTE.DATABASE_URL },
      secretKey: { current: KEY },
    });
  });
});

describe('a faulty environment', () => {
  it('is refused with one message that names every fault and no value', () => {
    const env = {
      DATABASE_URL: 'mysql://canary',
      SCHEDULER_ADMIN_TOKEN: 'canary with blanks in it',
      PORT: '65536canary',
      ROLES: 'api,canary',
      METRICS_AUTH_PASSWORD: 'canary',
      LOG_LEVEL: 'canary',
    };
    let message = '';
    try {
      readConfig(env);
    } catch (error) {
      message = (error as ConfigError).message;
    }

    for (const name of Object.keys(env)) expect(message).toContain(name);
    expect(message).toContain('SECRET_KEY is required');
    expect(message).not.toContain('canary');
  });

  it.each([
    ['PORT', ['65536', '-1', '0x50', '3e3', '80.5']],
    ['DEFAULT_REQUEST_TIMEOUT', ['0', '3600.1', '30s', '-1', 'Infinity']],
    ['DELIVERY_MAX_ATTEMPTS', ['0', '101']],
    ['DELIVERY_CONCURRENCY', ['0', '10001']],
    ['CATCH_UP_WINDOW', ['-1', '1.5']],
    ['HISTORY_RETENTION_DAYS', ['0', '3651']],
    ['SCHEDULER_ADMIN_TOKEN', ['x'.repeat(19)]],
    ['SCHEDULER_ADMIN_EMAIL', ['nobody']],
    ['SECRET_KEY', ['k'.repeat(31)]],
    ['SECRET_KEY_FALLBACKS', [`${KEY},short`, ',']],
    ['PUBLIC_URL', ['ftp://x', 'example.org', 'http://x/?q', 'http://u:p@x']],
    ['METRICS_URL', ['metrics:80', 'http://x/#f']],
    ['TRUST_PROXY', ['yes', '10.0.0.0/33', '1.2.3.4/8/8', 'proxy.example']],
    ['EGRESS_ALLOW', ['example.org', '::1/129']],
    ['ROLES', ['api,admin', ',']],
    ['SCHEDULE_VISIBILITY', ['some']],
    ['HOST', ['http://0.0.0.0']],
  ])('of %s is told once for each value out of bounds', (name, values) => {
    for (const value of values) expect(faultsOf({ [name]: value })).toEqual([expect.stringContaining(`${name} must`)]);
  });

  it.each([
    ['PORT', ['1', '65535']],
    ['DEFAULT_REQUEST_TIMEOUT', ['0.1', '3600']],
    ['DELIVERY_MAX_ATTEMPTS', ['1', '100']],
    ['CATCH_UP_WINDOW', ['0']],
    ['HISTORY_RETENTION_DAYS', ['1', '3650']],
    ['SCHEDULER_ADMIN_TOKEN', ['x'.repeat(20)]],
    ['SECRET_KEY', [KEY]],
    ['TRUST_PROXY', ['127.0.0.1', 'fc00::/7']],
  ])('does not include %s at its bounds', (name, values) => {
    for (const value of values) expect(faultsOf({ [name]: value })).toEqual([]);
  });

  it('is one whose pages start out larger than they may become', () => {
    expect(faultsOf({ PAGE_SIZE: '1001' })).toEqual(['PAGE_SIZE must be at most PAGE_SIZE_MAX']);
  });
});

describe('a misspelt setting', () => {
  it.each([
    ['DELIVERY_MAX_ATTEMPT', 'DELIVERY_MAX_ATTEMPTS'],
    ['DATABSE_URL', 'DATABASE_URL'],
    ['SECRET_KEYS', 'SECRET_KEY'],
    ['ROLE_S', 'ROLES'],
    ['PAGE_SIZES', 'PAGE_SIZE'],
    ['LOGLEVEL', 'LOG_LEVEL'],
  ])('%s is answered with %s', (name, meant) => {
    expect(faultsOf({ [name]: 'x' })).toEqual([`${name} is not a setting; did you mean ${meant}?`]);
  });

  it('is not seen in the names that machines, shells, npm, CI and containers set', () => {
    const ordinary = [
      ...['HOSTNAME', 'HOSTTYPE', 'PWD', 'SHELL', 'SHLVL', 'PAGER', 'PATH', 'HOME', 'USER', 'LANG', 'TERM', 'TZ', '_'],
      ...['LOGNAME', 'OLDPWD', 'EDITOR', 'DISPLAY', 'LC_ALL', 'LS_COLORS', 'TMPDIR', 'NODE_ENV', 'NODE_OPTIONS', 'CI'],
      ...['POSTGRES_USER', 'POSTGRES_PASSWORD', 'POSTGRES_DB', 'PGHOST', 'PGPORT', 'PGUSER', 'PGDATA', 'PGPASSWORD'],
      ...['npm_config_cache', 'npm_package_name', 'npm_lifecycle_event', 'INIT_CWD', 'NODE', 'COLOR', 'POD_NAME'],
      ...['KUBERNETES_PORT', 'KUBERNETES_SERVICE_HOST', 'REDIS_URL', 'BASE_URL', 'HTTP_PROXY', 'NO_PROXY', 'PORTS'],
      ...[
        'AWS_ROLE',
        'ROLE',
        'LOG_FILE',
        'LOG_DIR',
        'DATA',
        'DATABASE',
        'SECRET',
        'API_KEY',
        'EMAIL',
        'RULES',
        'HOSTS',
      ],
      ...['AWS_SECRET_ACCESS_KEY', 'GITHUB_TOKEN', 'SSH_AUTH_SOCK', 'XDG_DATA_DIRS', 'SECURITYSESSIONID', 'COLUMNS'],
    ];
    expect(faultsOf(Object.fromEntries(ordinary.map((name) => [name, 'x'])))).toEqual([]);
  });
});
