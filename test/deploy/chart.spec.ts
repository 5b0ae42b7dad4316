import { describe, expect, it } from 'vitest';
import { renderChart } from '../support/helm/chart.js';
import { type KubernetesObject, namesOf, objectOf, ofKind } from '../support/kubernetes/objects.js';
import { faultsOfObjects } from '../support/kubernetes/schema.js';
import { VALUES } from './values.js';

const given = Object.entries(VALUES);
const EVERYTHING = VALUES['everything switched on'];

describe('the chart', () => {
  it.each(given)('gives objects that the Kubernetes API knows, with %s', async (_, values) => {
    expect(await faultsOfObjects(renderChart(values))).toEqual([]);
  });

  it('is checked for fields that the API does not have', async () => {
    const [deployment] = ofKind(renderChart(), 'Deployment');
    deployment.spec.template.spec.containers[0].readynessProbe = {};

    expect((await faultsOfObjects([deployment])).join()).toContain('readynessProbe');
  });

  it('makes one Deployment that does everything, behind one Service', () => {
    expect(namesOf(renderChart())).toEqual([
      'Deployment/seed-scheduler',
      'NetworkPolicy/seed-scheduler',
      'NetworkPolicy/seed-scheduler-api',
      'PodDisruptionBudget/seed-scheduler',
      'Service/seed-scheduler',
      'Service/seed-scheduler-metrics',
      'ServiceAccount/seed-scheduler',
    ]);
  });

  it('makes a Deployment for each role, where the Service leads to those with the API only', () => {
    const objects = renderChart({ mode: 'split' });
    const roles = ofKind(objects, 'Deployment').map(({ spec }) => envOf(spec).ROLES?.value);
    const selected = objectOf(objects, 'Service', 'seed-scheduler').spec.selector;

    expect(roles).toEqual(['api', 'scheduler', 'worker']);
    expect(objects.filter(({ kind, spec }) => kind === 'Deployment' && matches(selected, spec.template))).toHaveLength(
      1,
    );
    expect(selected['app.kubernetes.io/component']).toBe('api');
  });

  it('tells the replica count only where no autoscaler does', () => {
    const objects = renderChart(VALUES['a Deployment for each role, with autoscaling of the workers']);
    const replicas = ofKind(objects, 'Deployment').map(({ spec }) => spec.replicas as number);
    const [autoscaler] = ofKind(objects, 'HorizontalPodAutoscaler');

    expect(replicas).toEqual([2, 2, undefined]);
    expect(autoscaler?.spec.scaleTargetRef.name).toBe('seed-scheduler-worker');
  });

  it('scales by the depth as one number of the whole service, divided by the replicas', () => {
    const [autoscaler] = ofKind(renderChart(EVERYTHING), 'HorizontalPodAutoscaler');
    const { type, external } = autoscaler.spec.metrics[0];

    expect([type, external.target.type, external.target.averageValue]).toEqual(['External', 'AverageValue', '2000']);
    expect(external.metric.selector.matchLabels.service).toBe('ticks-metrics');
  });

  it('refuses to scale what delivers nothing by the depth', () => {
    expect(() => renderChart({ mode: 'split', api: { autoscaling: { enabled: true } } })).toThrow('api.autoscaling');
  });

  it('writes large settings as whole numbers', () => {
    const [deployment] = ofKind(renderChart(EVERYTHING), 'Deployment');
    expect(envOf(deployment.spec).CATCH_UP_WINDOW?.value).toBe('31536000');
  });

  it('writes a setting that is true or false as that word', () => {
    const [deployment] = ofKind(renderChart(EVERYTHING), 'Deployment');
    expect(envOf(deployment.spec).STORE_RESPONSES?.value).toBe('false');
  });

  it.each([
    ['an unknown value', { replicas: 3 }, 'replicas'],
    ['a secret among the settings', { settings: { SECRET_KEY: 'x'.repeat(32) } }, 'SECRET_KEY'],
    ['a setting that has a value of its own', { settings: { DEFAULT_REQUEST_TIMEOUT: 60 } }, 'DEFAULT_REQUEST_TIMEOUT'],
    ['no Secret', { secrets: { existingSecret: '' } }, 'secrets.existingSecret must name a Secret'],
    ['a mode that is none', { mode: 'both' }, 'mode'],
  ])('refuses %s and says so', (_, values, message) => {
    expect(() => renderChart(values)).toThrow(message);
  });
});

interface Variable {
  name: string;
  value?: string;
}

/** @param spec of a Deployment */
function envOf(spec: KubernetesObject['spec']): Record<string, Variable | undefined> {
  const env = spec.template.spec.containers[0].env as Variable[];
  return Object.fromEntries(env.map((variable) => [variable.name, variable]));
}

/** Whether a selector chooses the pods of a template. */
function matches(selector: Record<string, string>, template: KubernetesObject['spec']): boolean {
  return Object.entries(selector).every(([label, value]) => template.metadata.labels[label] === value);
}
