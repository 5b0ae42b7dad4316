import type { MigrationInterface, QueryRunner } from 'typeorm';

// Changes are counted by the statement and only ever appended, so that creators do not wait for each other.
const UP = `
  CREATE TABLE "schedule_counts" (
    "created_by" integer,
    "delta" bigint NOT NULL
  );
  CREATE INDEX "ix_schedule_counts_created_by" ON "schedule_counts" ("created_by");

  CREATE FUNCTION "count_schedules"() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO schedule_counts (created_by, delta)
    SELECT created_by, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END FROM changed GROUP BY created_by;
    RETURN NULL;
  END $$;

  CREATE FUNCTION "count_schedule_moved"() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO schedule_counts (created_by, delta) VALUES (OLD.created_by, -1), (NEW.created_by, 1);
    RETURN NULL;
  END $$;

  CREATE FUNCTION "count_no_schedules"() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    DELETE FROM schedule_counts;
    RETURN NULL;
  END $$;

  LOCK TABLE "schedules" IN SHARE ROW EXCLUSIVE MODE;
  INSERT INTO "schedule_counts" SELECT "created_by", count(*) FROM "schedules" GROUP BY "created_by";

  CREATE TRIGGER "count_added" AFTER INSERT ON "schedules"
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "count_schedules"();
  CREATE TRIGGER "count_removed" AFTER DELETE ON "schedules"
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "count_schedules"();
  CREATE TRIGGER "count_moved" AFTER UPDATE OF "created_by" ON "schedules" FOR EACH ROW
    WHEN (OLD.created_by IS DISTINCT FROM NEW.created_by) EXECUTE FUNCTION "count_schedule_moved"();
  CREATE TRIGGER "count_truncated" AFTER TRUNCATE ON "schedules"
    FOR EACH STATEMENT EXECUTE FUNCTION "count_no_schedules"();

  CREATE INDEX "ix_schedules_off" ON "schedules" ("created_at", "id") WHERE NOT "enabled";
  CREATE INDEX "ix_schedules_frequency" ON "schedules" ("frequency", "created_at", "id")
    WHERE "frequency" IS NOT NULL;
`;

const DOWN = `
  DROP INDEX "ix_schedules_frequency", "ix_schedules_off";
  DROP TRIGGER "count_truncated" ON "schedules";
  DROP TRIGGER "count_moved" ON "schedules";
  DROP TRIGGER "count_removed" ON "schedules";
  DROP TRIGGER "count_added" ON "schedules";
  DROP FUNCTION "count_no_schedules", "count_schedule_moved", "count_schedules";
  DROP TABLE "schedule_counts";
`;

/** How many schedules there are, by who made them, kept exact by the database itself; see ADR 7. */
export class ScheduleCounts1764000000002 implements MigrationInterface {
  name = 'ScheduleCounts1764000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
