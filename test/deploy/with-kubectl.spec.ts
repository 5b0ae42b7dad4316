import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { byKindAndName, type KubernetesObject, objectsOf } from '../support/kubernetes/objects.js';
import { kustomized, MANIFESTS } from '../support/kubernetes/kustomize.js';

/** Where kubectl puts a variable that a patch adds depends on its version. */
function withVariablesInOrder(object: KubernetesObject): KubernetesObject {
  const [container] = (object.spec?.template?.spec.containers ?? []) as { env: { name: string }[] }[];
  container?.env.sort((a, b) => (a.name < b.name ? -1 : 1));
  return object;
}

// Run where kubectl is installed (vitest.config.ts).
describe('the plain manifests', () => {
  it.each(['base', 'overlays/production'])('are put together by kubectl as here: %s', (folder) => {
    const { stdout } = spawnSync('kubectl', ['kustomize', join(MANIFESTS, folder)], { encoding: 'utf8' });
    expect(byKindAndName(objectsOf(stdout)).map(withVariablesInOrder)).toEqual(
      byKindAndName(kustomized(folder)).map(withVariablesInOrder),
    );
  });
});
