import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv, type ErrorObject } from 'ajv';
import { parse } from 'yaml';
import { type KubernetesObject, objectsOf } from '../kubernetes/objects.js';
import { TemplateSet } from './template-evaluator.js';
import { TEMPLATE_FUNCTIONS } from './template-functions.js';

export const CHART = fileURLToPath(new URL('../../../deploy/helm/seed-scheduler', import.meta.url));

type Values = Record<string, unknown>;

/** The chart's objects as `helm template RELEASE` would give them. @throws when the values do not fit their schema */
export function renderChart(overrides: Values = {}, release = 'seed-scheduler'): KubernetesObject[] {
  const rendered = renderFiles(overrides, release);
  return [...rendered].filter(([file]) => file.endsWith('.yaml')).flatMap(([, text]) => objectsOf(text));
}

/** Each file of templates/ with what it renders to. */
export function renderFiles(overrides: Values = {}, release = 'seed-scheduler'): Map<string, string> {
  const values = coalesced(readYaml('values.yaml') as Values, overrides);
  const faults = faultsOf(values);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  const chart = readYaml('Chart.yaml') as { name: string; version: string; appVersion: string };
  const dot = {
    Values: values,
    Chart: { Name: chart.name, Version: chart.version, AppVersion: chart.appVersion },
    Release: { Name: release, Namespace: 'default', Service: 'Helm' },
  };
  const templates = new TemplateSet(TEMPLATE_FUNCTIONS);
  const files = readdirSync(join(CHART, 'templates')).map((file) => {
    return { file, nodes: templates.add(readFileSync(join(CHART, 'templates', file), 'utf8')) };
  });
  const shown = files.filter(({ file }) => !file.startsWith('_'));
  return new Map(shown.map(({ file, nodes }) => [file, templates.execute(nodes, dot)]));
}

/** What values.schema.json has against the values. */
export function faultsOf(values: Values): string[] {
  const validate = new Ajv({ allErrors: true, strict: false }).compile(
    JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as object,
  );
  validate(values);
  return (validate.errors ?? []).map(({ instancePath, message, params }: ErrorObject) =>
    [instancePath, message, JSON.stringify(params)].join(' '),
  );
}

function readYaml(file: string): unknown {
  return parse(readFileSync(join(CHART, file), 'utf8'));
}

/** As Helm does it: maps are merged, all else is replaced, and null takes a key away. */
function coalesced(defaults: Values, overrides: Values): Values {
  const result = { ...defaults };
  for (const [key, value] of Object.entries(overrides)) {
    if (value === null) delete result[key];
    else if (isMap(value) && isMap(result[key])) result[key] = coalesced(result[key], value);
    else result[key] = value;
  }
  return result;
}

function isMap(value: unknown): value is Values {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
