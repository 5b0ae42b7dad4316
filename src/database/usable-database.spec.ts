import { describe, expect, it } from 'vitest';
import { refusalOf } from './usable-database.js';

const SERVER = {
  version: '18.4',
  major: 18,
  encoding: 'UTF8',
  is_standby: false,
  database: 'scheduler',
  replication_role: 'origin',
};

describe('a server', () => {
  it.each([
    ['is refused before PostgreSQL 14', { version: '13.22', major: 13 }, 'PostgreSQL 13.22 is too old'],
    ['is refused when its encoding is SQL_ASCII', { encoding: 'SQL_ASCII' }, 'has the encoding SQL_ASCII'],
    ['is refused when it is a standby', { is_standby: true }, 'is on a read-only standby'],
    ['is refused when foreign keys are off', { replication_role: 'replica' }, 'RESET session_replication_role'],
  ])('%s', (_, fields, message) => {
    expect(refusalOf({ ...SERVER, ...fields })).toContain(message);
  });

  it('is taken from PostgreSQL 14 on', () => {
    expect([refusalOf(SERVER), refusalOf({ ...SERVER, version: '14.0', major: 14 })]).toEqual([null, null]);
  });
});
