import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startApp } from '../support/app.js';
import { metricFamilies } from '../support/metrics.js';
import { metricsIn, seriesOf } from '../support/promql.js';

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { h: number; w: number; x: number; y: number };
  datasource?: { type: string; uid: string };
  targets?: { expr: string; datasource: { uid: string } }[];
}
interface Dashboard {
  uid: string;
  schemaVersion: number;
  templating: { list: { name: string; type: string; query: unknown }[] };
  panels: Panel[];
}
interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook: string };
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const dashboard = JSON.parse(read('deploy/grafana/seed-scheduler.json')) as Dashboard;
const { groups } = parse(read('deploy/prometheus/alerts.yaml')) as { groups: { name: string; rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

async function knownSeries(): Promise<Set<string>> {
  await using app = await startApp();
  const families = await metricFamilies(app);
  return new Set(['up', ...[...families].flatMap(([name, type]) => seriesOf(name, type))]);
}

describe('the dashboard', () => {
  it('asks for metrics that the service shows, in each of its panels', async () => {
    const series = await knownSeries();
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');

    expect(panels.length).toBeGreaterThan(20);
    for (const { title, targets = [] } of panels) {
      const asked = targets.flatMap(({ expr }) => metricsIn(expr));
      expect(asked.length, title).toBeGreaterThanOrEqual(targets.length);
      expect(targets.length, title).toBeGreaterThan(0);
      expect(
        asked.filter((name) => !series.has(name)),
        title,
      ).toEqual([]);
    }
  });

  it('has the form of Grafana 10, rows for each concern, and leaves the data source open', () => {
    const rows = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title);

    expect(rows).toEqual(['Delivery', 'Lateness', 'Queue', 'Origins', 'API', 'Process', 'Database']);
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(38);
    expect(dashboard.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' });
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const { type, title, gridPos, datasource, targets = [] } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24);
      if (type === 'row') continue;
      for (const source of [datasource, ...targets.map((target) => target.datasource)]) {
        expect(source?.uid, title).toBe('${datasource}');
      }
    }
  });
});

describe('the alert rules', () => {
  it('ask for metrics that the service shows, each of its own job', async () => {
    const series = await knownSeries();

    expect(rules.length).toBeGreaterThan(10);
    for (const { alert, expr } of rules) {
      const asked = metricsIn(expr);
      expect(asked.length, alert).toBeGreaterThan(0);
      expect(
        asked.filter((name) => !series.has(name)),
        alert,
      ).toEqual([]);
      expect(expr.match(/job="seed-scheduler"/g)?.length, alert).toBe(asked.length);
    }
  });

  it('say how grave they are, and have a runbook that is there', () => {
    const headings = [...read('docs/observability.md').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading?.toLowerCase(),
    );

    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    for (const { alert, labels, annotations } of rules) {
      expect(['critical', 'warning'], alert).toContain(labels.severity);
      expect(annotations.summary.length * annotations.description.length, alert).toBeGreaterThan(0);
      expect(annotations.runbook).toBe(`docs/observability.md#${alert.toLowerCase()}`);
      expect(headings, alert).toContain(alert.toLowerCase());
    }
  });
});
