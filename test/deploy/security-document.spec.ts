import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

const rows = read('docs/security.md')
  .split('\n## What protects what\n', 2)[1]
  .split('\n## ', 1)[0]
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| --') && !line.startsWith('| what must hold'))
  .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | *\|$/g, '').trim()));

/** Titles by file: a file stands in front of the first of its titles. */
function testsOf(cell: string): { file: string; title: string }[] {
  let file = '';
  return [...cell.matchAll(/`([^`]+\.spec\.ts)`|“([^”]+)”/g)].flatMap(([, named, title]) => {
    file = named ?? file;
    return title ? [{ file, title }] : [];
  });
}

describe('the document about security', () => {
  it('names tests that are there, by their titles', () => {
    const named = rows.flatMap(([, , tests = '']) => testsOf(tests));
    expect(named.length).toBeGreaterThan(80);
    expect(named.filter(({ file, title }) => !read(file).includes(title))).toEqual([]);
  });

  it('has a test for each point, but for those that no test can see', () => {
    const untested = rows.filter(
      ([point = '', , tests = '']) => !point.startsWith('**') && testsOf(tests).length === 0,
    );
    expect(untested.map(([point]) => point)).toEqual([
      'Known vulnerabilities of dependencies are looked for',
      'There is a way to report one',
    ]);
  });
});
