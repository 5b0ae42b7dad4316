import type { MigrationInterface, QueryRunner } from 'typeorm';

// Writes to the catalogue only, whatever the size of the ledger: a constant default is not stored in the rows that are
// there. The former release names the columns that it writes, so its rows get the default; the partitions that it makes
// are made LIKE the ledger.
const UP = `ALTER TABLE "attempts" ADD "is_resent" boolean NOT NULL DEFAULT false`;
const DOWN = `ALTER TABLE "attempts" DROP "is_resent"`;

/** Which attempts sent their request twice, because a kept connection was found closed; see ADR 15. */
export class ResentRequests1764000000009 implements MigrationInterface {
  name = 'ResentRequests1764000000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
