import type { INestApplicationContext } from '@nestjs/common';
import { KeyHolders } from '../secrets/key-holders.js';
import { KeyRegistry } from '../secrets/key-registry.js';
import { Obstacle } from './faults.js';

/**
 * To be called before a command seals secrets: registers `SECRET_KEY`, as a start of the service does.
 *
 * @param isFormerLost registers it although no key that the database knows is configured
 * @throws StartError when the database knows other keys only
 * @throws Obstacle while a replica that runs could not open what is sealed
 */
export async function prepareToSeal(app: INestApplicationContext, isFormerLost = false): Promise<void> {
  const registry = app.get(KeyRegistry);
  if (!isFormerLost) await registry.check();
  const { current } = registry;
  const without = (await app.get(KeyHolders).live()).filter(({ keyIds }) => !keyIds.includes(current));
  if (without.length > 0) {
    const names = without.map(({ replica }) => replica).join(', ');
    throw new Obstacle(
      `replicas that run do not have key ${current} (${names}): give it to every replica first, in SECRET_KEY or SECRET_KEY_FALLBACKS`,
    );
  }
  await registry.register({ isFormerLost });
}
