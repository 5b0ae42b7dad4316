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
      PAGE_SIZE: 100,
    });
  });

  it('are told all at once when they are wrong, by name and never by value', () => {
    const faults = faultsOf({
      ...{ PORT: '70000', PAGE_SIZE: '2000', ROLES: 'api,poet', METRICS_AUTH_USER: 'hunter2', LOG_LEVEL: 'loud' },
      ...{ DATABASE_URL: 'postgres://hunter2@db/x', SCHEDULER_ADMIN_TOKEN: 'hunter2' },
    });
    expect(faults).toEqual([
      'PORT must be a whole number from 0 to 65535',
      'SCHEDULER_ADMIN_TOKEN must have at least 20 characters and no blanks',
      'ROLES must name some of api, scheduler, worker',
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

  it('keep the user name out of METRICS_URL', () => {
    expect(faultsOf({ METRICS_URL: 'http://hunter2@metrics/' })).toEqual([
      'METRICS_URL must be an http or https URL without a user name',
    ]);
  });

  it.each([
    ['DELIVERY_MAX_ATTEMPT', 'DELIVERY_MAX_ATTEMPTS'],
    ['METRICS_URI', 'METRICS_URL'],
    ['SECRETKEY', 'SECRET_KEY'],
  ])('do not take %s for nothing', (name, meant) => {
    expect(faultsOf({ [name]: '1' })).toEqual([`${name} is not a setting; did you mean ${meant}?`]);
  });

  it('leave other names of the environment alone', () => {
    const names = ['HOSTS', 'POST', 'PORTS', 'SHELL', 'PGDATA', 'POSTGRES_URL', 'npm_config_cache', 'LOGNAME', 'PAGER'];
    expect(faultsOf(Object.fromEntries(names.map((name) => [name, 'x'])))).toEqual([]);
  });
});
