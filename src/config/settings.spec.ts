import { describe, expect, it } from 'vitest';
import { readSettings, SettingsError } from './settings.js';

const faultsOf = (environment: Record<string, string>) => {
  try {
    readSettings(environment);
    return [];
  } catch (error) {
    return (error as SettingsError).faults;
  }
};

describe('the settings', () => {
  it('have defaults', () => {
    expect(readSettings({ PATH: '/bin', HOME: '/root', HOSTNAME: 'x', LANG: 'C', PAGE_SIZE: ' ' })).toMatchObject({
      PORT: 3000,
      DEFAULT_REQUEST_TIMEOUT: 30,
      DELIVERY_MAX_ATTEMPTS: 6,
      ROLES: ['api', 'scheduler', 'worker'],
      SCHEDULE_VISIBILITY: 'group',
      PAGE_SIZE: 100,
      RATE_LIMIT_PER_TOKEN: 0,
      RATE_LIMIT_FAILED_AUTH: 30,
      STORE_RESPONSES: true,
    });
  });

  it('are told all at once when they are wrong, by name and never by value', () => {
    const faults = faultsOf({
      ...{ PORT: '70000', PAGE_SIZE: '2000', ROLES: 'api,poet', METRICS_AUTH_USER: 'hunter2', LOG_LEVEL: 'loud' },
      ...{ SCHEDULE_VISIBILITY: 'groups', DATABASE_URL: 'postgres://hunter2@db/x', SCHEDULER_ADMIN_TOKEN: 'hunter2' },
    });
    expect(faults).toEqual([
      'PORT must be a whole number from 0 to 65535',
      'SCHEDULER_ADMIN_TOKEN must have at least 20 characters and no blanks',
      'ROLES must name some of api, scheduler, worker',
      'SCHEDULE_VISIBILITY must be one of group, all',
      'LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent',
      'PAGE_SIZE must not exceed PAGE_SIZE_MAX',
      'SECRET_KEY must be set when DATABASE_URL is (every replica needs the same one)',
      'METRICS_AUTH_USER and METRICS_AUTH_PASSWORD must be set together',
    ]);
    expect(faults.join()).not.toContain('hunter2');
  });

  it.each(['10.0.0.0/8', '10.1.2.3', 'private', 'loopback', '::1', 'fd00::/8', '0.0.0.0/0', '10.0.0.0/8, private'])(
    'take %s for addresses to permit or refuse',
    (text) => {
      expect(faultsOf({ EGRESS_ALLOW: text, EGRESS_DENY: text })).toEqual([]);
    },
  );

  it.each([
    ...['10.0.0.0/33', '10.0.0.0/08', '10.0.0.0/', '10.0.0.1/8', '10.0.0', '0x7f.0.0.1', '010.0.0.1', 'fe80::1%eth0'],
    ...['::1/129', 'fd00::1/8', 'example.org', 'public', 'toString', 'private,', '10.0.0.0/8/8', '10.0.0.0/8 private'],
  ])('do not take %s for addresses', (text) => {
    const message = 'must be addresses, CIDRs without bits beyond the prefix, `private` or `loopback`, between commas';
    expect(faultsOf({ EGRESS_DENY: text })).toEqual([`EGRESS_DENY ${message}`]);
  });

  it.each([
    ['false', false],
    ['No', false],
    [' off ', false],
    ['0', false],
    ['TRUE', true],
    ['1', true],
  ])('take %j for STORE_RESPONSES', (text, isOn) => {
    expect(readSettings({ STORE_RESPONSES: text })).toMatchObject({ STORE_RESPONSES: isOn });
  });

  it.each(['never', '2', 'null'])('do not take %s for STORE_RESPONSES', (text) => {
    expect(faultsOf({ STORE_RESPONSES: text })).toEqual(['STORE_RESPONSES must be true or false']);
  });

  it('keep the user name out of METRICS_URL', () => {
    expect(faultsOf({ METRICS_URL: 'http://hunter2@metrics/' })).toEqual([
      'METRICS_URL must be an http or https URL without a user name',
    ]);
  });

  it.each([
    'http:host',
    'http:///host',
    'http://@host/',
    'http://host:0/',
    'http://a..b/',
    'http://host\\x',
    'host:80',
  ])('take no URL that the parser only repairs: %s', (url) => {
    const names = ['PUBLIC_URL', 'METRICS_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT'];
    expect(faultsOf(Object.fromEntries(names.map((name) => [name, url])))).toEqual(
      names.map((name) => expect.stringContaining(`${name} must be an http or https URL`) as string),
    );
  });

  it.each(['http://localhost:3000', 'https://ticks.example.org/base/', 'http://my_service', 'HTTPS://Example.org:443'])(
    'take %s for a URL',
    (url) => {
      expect(faultsOf({ PUBLIC_URL: url, METRICS_URL: url, OTEL_EXPORTER_OTLP_ENDPOINT: url })).toEqual([]);
    },
  );

  it.each(['true', 'off', '10.0.0.1', '10.0.0.0/8, ::1, fd00::/8', 'loopback,uniquelocal'])(
    'take %s for TRUST_PROXY',
    (text) => {
      expect(faultsOf({ TRUST_PROXY: text })).toEqual([]);
    },
  );

  it.each(['2', 'proxy.example.org', '10.0.0.0/33', '10.0.0.1/', '10.0.0.1,', '10.0.0.0/8/8', '::/129', '/8'])(
    'do not take %s for TRUST_PROXY',
    (text) => {
      expect(faultsOf({ TRUST_PROXY: text })).toEqual([expect.stringContaining('TRUST_PROXY must be')]);
    },
  );

  it.each([
    ['DELIVERY_MAX_ATTEMPT', 'DELIVERY_MAX_ATTEMPTS'],
    ['METRICS_URI', 'METRICS_URL'],
    ['SECRETKEY', 'SECRET_KEY'],
  ])('do not take %s for nothing', (name, meant) => {
    expect(faultsOf({ [name]: '1' })).toEqual([`${name} is not a setting; did you mean ${meant}?`]);
  });

  it('take a share between 0 and 1 for the sampler of traces, and the names of OpenTelemetry', () => {
    expect(
      readSettings({ OTEL_TRACES_SAMPLER_ARG: '0.25', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }),
    ).toMatchObject({
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: 0.25,
    });
    expect(readSettings({ OTEL_TRACES_SAMPLER_ARG: '1.0' }).OTEL_TRACES_SAMPLER_ARG).toBe(1);
    for (const share of ['1.01', '-1', 'half', '1e-3']) {
      expect(faultsOf({ OTEL_TRACES_SAMPLER_ARG: share })).toEqual([
        'OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1',
      ]);
    }
    expect(faultsOf({ OTEL_TRACES_SAMPLER: 'always', OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://collector' })).toHaveLength(
      2,
    );
  });

  it('leave other names of the environment alone', () => {
    const names = ['HOSTS', 'POST', 'PORTS', 'SHELL', 'PGDATA', 'POSTGRES_URL', 'npm_config_cache', 'LOGNAME', 'PAGER'];
    expect(faultsOf(Object.fromEntries(names.map((name) => [name, 'x'])))).toEqual([]);
  });
});
