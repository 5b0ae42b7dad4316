import type { MigrationInterface, QueryRunner } from 'typeorm';

// A column with a constant default is added without rewriting the table. The former release goes on meanwhile: it makes
// active users, and knows nothing of the records.
const UP = `
  ALTER TABLE "users" ADD "is_active" boolean NOT NULL DEFAULT true;

  CREATE TABLE "imported_users" (
    "source" integer NOT NULL,
    "legacy_id" integer NOT NULL,
    "joined_at" timestamptz,
    "user_id" integer NOT NULL,
    CONSTRAINT "pk_imported_users" PRIMARY KEY ("source", "legacy_id"),
    CONSTRAINT "uq_imported_users_user" UNIQUE ("source", "user_id"),
    CONSTRAINT "fk_imported_users_user" FOREIGN KEY ("user_id") REFERENCES "users" ON DELETE CASCADE
  );
  CREATE INDEX "ix_imported_users_user" ON "imported_users" ("user_id");

  CREATE TABLE "imported_schedules" (
    "source" integer NOT NULL,
    "id" uuid NOT NULL,
    CONSTRAINT "pk_imported_schedules" PRIMARY KEY ("source", "id")
  );
`;

const DOWN = `
  DROP TABLE "imported_schedules", "imported_users";
  ALTER TABLE "users" DROP "is_active";
`;

/**
 * Users that can be deactivated, and what an import has taken: `source` numbers the databases it came from. A schedule's
 * record outlives the schedule, so that one that was deleted here is recognised.
 */
export class InactiveUsers1764000000010 implements MigrationInterface {
  name = 'InactiveUsers1764000000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
