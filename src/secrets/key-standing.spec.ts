import { describe, expect, it } from 'vitest';
import { standingOf } from './key-standing.js';

describe('the standing of keys', () => {
  it.each([
    ['first', ['a'], []],
    ['first', ['a', 'b'], []],
    ['known', ['a'], ['a']],
    ['known', ['a', 'b'], ['c', 'a']],
    ['rotation', ['a', 'b'], ['b']],
    ['rotation', ['a', 'c', 'b'], ['b', 'd']],
    ['unknown', ['a'], ['b']],
    ['unknown', ['a', 'c'], ['b']],
  ])('is %s for %j where the database knows %j', (standing, own, known) => {
    expect(standingOf(own, known)).toBe(standing);
  });
});
