import type { INestApplicationContext } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { SealedColumn } from '../../secrets/sealed-column.js';
import { SecretVault } from '../../secrets/secret-vault.js';
import { fault, type Finding, ok } from './finding.js';
import { sampleOfSecrets } from './secrets-check.queries.js';

const SAMPLE_ROWS = 100;

/** Whether the configured keys open what is stored: a sample of each kind, the oldest and the newest. */
export async function checkSecrets(app: INestApplicationContext): Promise<Finding[]> {
  const vault = app.get(SecretVault);
  return Promise.all(vault.columns.map((column) => checkColumn(column, vault, app.get(DataSource))));
}

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
