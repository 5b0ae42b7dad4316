import { describe, expect, it } from 'vitest';
import { parseCron } from './cron.js';
import { DefinitionError } from './definition-error.js';

const REFUSED: [text: string, message: string][] = [
  ['', 'expected 5 fields (minute hour day-of-month month day-of-week), found 0'],
  ['0 0 * *', 'expected 5 fields (minute hour day-of-month month day-of-week), found 4'],
  ['0 0 * * * * *', 'expected 5 fields (minute hour day-of-month month day-of-week), found 7'],
  ['0 0 1 1 * 2030', 'a sixth field is the year and is only accepted as *, found "2030"'],
  ['60 * * * *', 'minute 60 is out of range 0-59'],
  ['99 * * * *', 'minute 99 is out of range 0-59'],
  ['0-60 * * * *', 'minute 60 is out of range 0-59'],
  ['0 24 * * *', 'hour 24 is out of range 0-23'],
  ['0 0 0 * *', 'day of month 0 is out of range 1-31'],
  ['0 0 32 * *', 'day of month 32 is out of range 1-31'],
  ['0 0 1 0 *', 'month 0 is out of range 1-12'],
  ['0 0 1 13 *', 'month 13 is out of range 1-12'],
  ['0 0 * * 8', 'day of week 8 is out of range 0-7'],
  ['foo * * * *', 'minute "foo" is not a number'],
  ['-5 * * * *', 'minute "-5" is not a number'],
  ['5- * * * *', 'minute "5-" is not a number'],
  ['1.5 * * * *', 'minute "1.5" is not a number'],
  ['0 0 1 foo *', 'month "foo" is not a number or one of jan-dec'],
  ['0 0 * * frid', 'day of week "frid" is not a number or one of sun-sat'],
  ['*/0 * * * *', 'minute step must be at least 1, found 0'],
  ['*/x * * * *', 'minute step "x" is not a number'],
  ['*/ * * * *', 'minute step "" is not a number'],
  ['1-9/2/3 * * * *', 'minute "1-9/2/3" has more than one step'],
  ['30-10 * * * *', 'minute range 30-10 runs backwards'],
  ['0 0 * * fri-mon', 'day of week range fri-mon runs backwards'],
  ['0 0 * * 5-0', 'day of week range 5-0 runs backwards: Sunday is 7 at the end of a range'],
  ['0 0 * * fri-0', 'day of week range fri-0 runs backwards: Sunday is 7 at the end of a range'],
  ['0 0 * * sat-mon/2', 'day of week range sat-mon runs backwards'],
  ['1,,2 * * * *', 'minute has an empty entry in "1,,2"'],
  ['1, * * * *', 'minute has an empty entry in "1,"'],
  ['0 0 L * *', 'day of month "L": L, W, # and ? are not supported'],
  ['0 0 15W * *', 'day of month "15W": L, W, # and ? are not supported'],
  ['0 0 ? * 1', 'day of month "?": L, W, # and ? are not supported'],
  ['0 0 * * 5L', 'day of week "5L": L, W, # and ? are not supported'],
  ['0 0 * * fri#2', 'day of week "fri#2": L, W, # and ? are not supported'],
  [
    '@reboot',
    '"@reboot" is not supported, expected one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually',
  ],
  ['0 0 30 2 *', 'this never fires: month 2 has no day 30'],
  ['0 0 31 4,6,9,11 *', 'this never fires: month 4,6,9,11 has no day 31'],
  ['0 0 30 feb */2', 'this never fires: month feb has no day 30'],
  ['*'.repeat(201), 'definition is 201 characters long, at most 200 are accepted'],
];

describe('a crontab text that is no definition', () => {
  it.each(REFUSED)('%j is refused with the reason', (text, message) => {
    expect(() => parseCron(text)).toThrow(new DefinitionError(message));
  });
});

describe('a crontab text', () => {
  it.each([
    ['@hourly', '0 * * * *'],
    ['@Daily', '0 0 * * *'],
    ['@MIDNIGHT', '0 0 * * *'],
    ['@weekly', '0 0 * * 0'],
    ['@monthly', '0 0 1 * *'],
    ['@yearly', '0 0 1 1 *'],
    ['@annually', '0 0 1 1 *'],
    ['  0\t0   * * *  ', '0 0 * * *'],
    ['0 0 * * * *', '0 0 * * *'],
    ['0 0 * JAN-mar Mon-FRI', '0 0 * 1-3 1-5'],
    ['0 0 * * 7', '0 0 * * 0'],
    ['0 0 * * sat,sun', '0 0 * * 0,6'],
    ['05 00 * * *', '5 0 * * *'],
    ['5/15 * * * *', '5-59/15 * * * *'],
    ['0 0 * * mon-fri/2', '0 0 * * 1,3,5'],
  ])('%j means %j', (text, meaning) => {
    expect(parseCron(text)).toEqual(parseCron(meaning));
  });

  it.each([
    ['1-10/3', [1, 4, 7, 10]],
    ['5/15', [5, 20, 35, 50]],
    ['50,10,10-12', [10, 11, 12, 50]],
    ['*/20', [0, 20, 40]],
    ['*/90', [0]],
    ['7-7', [7]],
  ])('has the minutes of %j', (minute, values) => {
    expect(parseCron(`${minute} * * * *`).minute.values).toEqual(values);
  });

  it.each([
    ['5-7', [0, 5, 6]],
    ['0-7', [0, 1, 2, 3, 4, 5, 6]],
    ['*/2', [0, 2, 4, 6]],
    ['sun-tue', [0, 1, 2]],
    ['FRI-SUN', [0, 5, 6]],
    ['sat-sun', [0, 6]],
    ['Mon-Sun', [0, 1, 2, 3, 4, 5, 6]],
    ['5-SUN', [0, 5, 6]],
    ['fri-7', [0, 5, 6]],
    ['7-sun', [0]],
    ['sun-sun', [0]],
    ['0-sun', [0]],
    ['FRI-SUN/2', [0, 5]],
    ['sat-sun/2', [6]],
    ['tue,fri-sun', [0, 2, 5, 6]],
  ])('has the weekdays of %j, Sunday being 0', (weekday, values) => {
    expect(parseCron(`0 0 * * ${weekday}`).dayOfWeek.values).toEqual(values);
  });

  it.each(['0 0 29 2 *', '0 0 30 2 1', '0 0 31 4,5 *', '0 0 1 * *' + ' '.repeat(191)])('%j is accepted', (text) => {
    expect(() => parseCron(text)).not.toThrow();
  });
});
