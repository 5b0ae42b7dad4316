import type { INestApplicationContext } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { KeyHolders } from '../../secrets/key-holders.js';
import { KeyRegistry } from '../../secrets/key-registry.js';
import type { SealedColumn } from '../../secrets/sealed-column.js';
import { SecretVault } from '../../secrets/secret-vault.js';
import { reasonOf } from '../faults.js';
import { fault, type Finding, ok, warning } from './finding.js';
import { sampleOfSecrets } from './secrets-check.queries.js';

const SAMPLE_ROWS = 100;

/** Whether the configured keys are those of the database, and open what is stored: a sample of each kind. */
export async function checkSecrets(app: INestApplicationContext): Promise<Finding[]> {
  const vault = app.get(SecretVault);
  const ofColumns = vault.columns.map((column) => checkColumn(column, vault, app.get(DataSource)));
  return Promise.all([checkKeys(app), ...ofColumns]);
}

async function checkKeys(app: INestApplicationContext): Promise<Finding> {
  const check = 'secret key';
  const registry = app.get(KeyRegistry);
  const { current } = registry;
  try {
    await registry.check();
  } catch (error) {
    return fault(check, reasonOf(error), 'set SECRET_KEY as the other replicas have it: this one would not start');
  }
  const missing = await registry.missing();
  if (missing.length > 0) {
    const finding = `secrets are sealed under key ${missing.join(', ')}, which is not configured`;
    return fault(check, finding, 'put that key into SECRET_KEY_FALLBACKS, or give those secrets anew');
  }
  const without = (await app.get(KeyHolders).live()).filter(({ keyIds }) => !keyIds.includes(current));
  if (without.length > 0) {
    const names = without.map(({ replica }) => replica).join(', ');
    return warning(check, `replicas that run do not have key ${current}: ${names}`, 'give it to every replica');
  }
  const { standing } = await registry.standing();
  return ok(check, `${current}, ${standing === 'known' ? 'known to the database' : 'registered by the next start'}`);
}

/** The oldest and the newest ones. */
async function checkColumn(column: SealedColumn, vault: SecretVault, dataSource: DataSource): Promise<Finding> {
  const box = vault.boxFor(column);
  const rows = await dataSource.query<{ id: string; owner: string; sealed: Buffer }[]>(sampleOfSecrets(column), [
    SAMPLE_ROWS,
  ]);
  const closed = rows.filter(({ owner, sealed }) => {
    try {
      box.open(sealed, owner);
      return false;
    } catch {
      return true;
    }
  });
  const check = `secrets: ${column.kind}`;
  const [first] = closed;
  if (!first) return ok(check, `${rows.length} of a sample of ${rows.length} can be opened`);
  const finding = `${closed.length} of a sample of ${rows.length} cannot be opened, the one of ${first.id} for one`;
  return fault(check, finding, 'put the key that sealed them into SECRET_KEY_FALLBACKS, or have them set anew');
}
