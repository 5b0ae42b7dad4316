import type { MigrationInterface, QueryRunner } from 'typeorm';

// Both tables are locked at once and in this order, so that a removal under way cannot deadlock with it. Reads go on;
// what writes waits, about a second for a million schedules, and is tried again when it gave up. Who cannot wait that
// long makes the three indexes of schedules beforehand, with CREATE INDEX CONCURRENTLY: they are taken as they are.
const UP = `
  LOCK TABLE "failed_tasks" IN ACCESS EXCLUSIVE MODE;
  LOCK TABLE "schedules" IN SHARE ROW EXCLUSIVE MODE;

  CREATE INDEX IF NOT EXISTS "ix_schedules_owner" ON "schedules" ("created_by", "created_at", "id");
  CREATE INDEX IF NOT EXISTS "ix_schedules_owner_off" ON "schedules" ("created_by", "created_at", "id")
    WHERE NOT "enabled";
  CREATE INDEX IF NOT EXISTS "ix_schedules_owner_frequency"
    ON "schedules" ("created_by", "frequency", "created_at", "id") WHERE "frequency" IS NOT NULL;

  ALTER TABLE "failed_tasks" ADD "owner_id" integer;
  UPDATE "failed_tasks" t SET "owner_id" = s."created_by" FROM "schedules" s WHERE s."id" = t."schedule_id";
  CREATE INDEX "ix_failed_tasks_owner" ON "failed_tasks" ("owner_id", "id");

  CREATE FUNCTION "own_failed_task"() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    NEW.owner_id := (SELECT created_by FROM schedules WHERE id = NEW.schedule_id);
    RETURN NEW;
  END $$;

  CREATE FUNCTION "hand_over_failed_tasks"() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    UPDATE failed_tasks SET owner_id = NEW.created_by WHERE schedule_id = NEW.id;
    RETURN NULL;
  END $$;

  CREATE TRIGGER "owned" BEFORE INSERT ON "failed_tasks" FOR EACH ROW EXECUTE FUNCTION "own_failed_task"();
  CREATE TRIGGER "handed_over" AFTER UPDATE OF "created_by" ON "schedules" FOR EACH ROW
    WHEN (OLD.created_by IS DISTINCT FROM NEW.created_by) EXECUTE FUNCTION "hand_over_failed_tasks"();
`;

const DOWN = `
  DROP TRIGGER "handed_over" ON "schedules";
  DROP TRIGGER "owned" ON "failed_tasks";
  DROP FUNCTION "hand_over_failed_tasks", "own_failed_task";
  DROP INDEX "ix_failed_tasks_owner";
  ALTER TABLE "failed_tasks" DROP "owner_id";
  DROP INDEX "ix_schedules_owner_frequency", "ix_schedules_owner_off", "ix_schedules_owner";
`;

/** Lists by owner, of schedules and of failed tasks, which the database itself gives their schedule's owner; see ADR 11. */
export class Ownership1764000000005 implements MigrationInterface {
  name = 'Ownership1764000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
