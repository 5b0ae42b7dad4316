import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
  ALTER TABLE "schedules"
    ADD "catch_up" text NOT NULL DEFAULT 'latest',
    ADD "overlap" text NOT NULL DEFAULT 'allow',
    ADD CONSTRAINT "ck_schedules_catch_up" CHECK ("catch_up" IN ('latest', 'none', 'all')),
    ADD CONSTRAINT "ck_schedules_overlap" CHECK ("overlap" IN ('allow', 'skip'));

  ALTER TABLE "attempts"
    DROP CONSTRAINT "ck_attempts_outcome",
    ADD CONSTRAINT "ck_attempts_outcome"
      CHECK ("outcome" IN ('delivered', 'failed', 'missed', 'skipped', 'cancelled'));
`;

// The former release has no word for a skipped delivery; to it, that is one for which no POST was made.
const DOWN = `
  UPDATE "attempts" SET "outcome" = 'cancelled' WHERE "outcome" = 'skipped';
  ALTER TABLE "attempts"
    DROP CONSTRAINT "ck_attempts_outcome",
    ADD CONSTRAINT "ck_attempts_outcome" CHECK ("outcome" IN ('delivered', 'failed', 'missed', 'cancelled'));

  ALTER TABLE "schedules" DROP "overlap", DROP "catch_up";
`;

/** What a schedule gets of late ticks, and whether its deliveries may overlap. */
export class CatchUpAndOverlap1764000000001 implements MigrationInterface {
  name = 'CatchUpAndOverlap1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
