import type { TestApp } from './app.js';

/** What `/metrics` says of itself: type by name of the family. */
export async function metricFamilies(app: TestApp): Promise<Map<string, string>> {
  const { text } = await app.call('GET', '/metrics', undefined, { authorization: '' });
  return new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
}

/** The value of one series, written as in the exposition, or undefined when it is not there. */
export async function metricValue(app: TestApp, series: string): Promise<number | undefined> {
  const { text } = await app.call('GET', '/metrics', undefined, { authorization: '' });
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}
