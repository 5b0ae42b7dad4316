import { describe, expect, it } from 'vitest';
import { namesOf } from './emails-of.js';
import type { LegacyUser } from './legacy-database.js';

function users(...rows: [id: number, username: string, email?: string][]): LegacyUser[] {
  const rest = { is_superuser: false, is_staff: false, is_active: true, date_joined: null };
  return rows.map(([id, username, email = '']) => ({ id, username, email, ...rest }));
}

function emails(rows: LegacyUser[], held: [number, string][] = []): string[] {
  return [...namesOf(rows, new Map(held)).values()].map(({ email }) => email);
}

describe('a user of the replaced service is known here by', () => {
  it('the username that is an address, then the address beside it, then the username', () => {
    const rows = users(
      [1, 'Ann@Example.org'],
      [2, 'bob', 'Bob@example.org'],
      [3, 'carl', 'ann@example.org'],
      [4, 'Dora'],
    );
    expect(emails(rows)).toEqual(['ann@example.org', 'bob@example.org', 'carl', 'dora']);
  });

  it('a name of its own where users differ by case only, which both are told', () => {
    const names = namesOf(users([1, 'Ann'], [2, 'ann'], [3, 'BOB@x.org'], [4, 'Bob@x.org'], [5, 'carl']), new Map());
    expect([...names.values()]).toEqual([
      { email: 'ann#1', note: 'differs from ann by case only: known here as ann#1' },
      { email: 'ann', note: 'differs from Ann by case only: known here as ann' },
      { email: 'bob@x.org', note: 'differs from Bob@x.org by case only: known here as bob@x.org' },
      { email: 'bob@x.org#4', note: 'differs from BOB@x.org by case only: known here as bob@x.org#4' },
      { email: 'carl' },
    ]);
  });

  it('what it was known by before, whatever address was added since', () => {
    expect(emails(users([1, 'ann', 'new@example.org']), [[1, 'ann']])).toEqual(['ann']);
    expect(emails(users([1, 'ann'], [2, 'new', 'ann@example.org']), [[1, 'ann@example.org']])).toEqual(['ann', 'new']);
  });

  it('a new address where the old one is no longer its own', () => {
    expect(emails(users([1, 'ann@new.org']), [[1, 'ann@old.org']])).toEqual(['ann@new.org']);
    expect(
      emails(users([1, 'b@x.org'], [2, 'a@x.org']), [
        [1, 'a@x.org'],
        [2, 'b@x.org'],
      ]),
    ).toEqual(['a@x.org', 'b@x.org']);
  });

  it('nothing that another user is known by who was imported before, also when that one is gone there', () => {
    expect(emails(users([2, 'bob', 'ann@example.org']), [[1, 'ann@example.org']])).toEqual(['bob']);
  });

  it('a name with its id, which is noted, where all of its names are those of other users', () => {
    const names = namesOf(users([5, 'ann@example.org']), new Map([[1, 'ann@example.org']]));
    const note = 'ann@example.org is another user here: known here as ann@example.org#5';
    expect(names.get(5)).toEqual({ email: 'ann@example.org#5', note });
  });

  it('a name that no other user has, also where the name with its id is taken', () => {
    expect(emails(users([1, 'ann#3'], [2, 'ann'], [3, 'Ann']))).toEqual(['ann#3', 'ann', 'ann#3#3']);
  });
});
