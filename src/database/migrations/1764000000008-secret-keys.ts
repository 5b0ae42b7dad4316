import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
  CREATE TABLE "secret_keys" (
    "id" text NOT NULL,
    "known_since" timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "pk_secret_keys" PRIMARY KEY ("id"),
    CONSTRAINT "ck_secret_keys_id" CHECK ("id" ~ '^[0-9a-f]{8}$')
  );
  CREATE TABLE "key_holders" (
    "id" uuid NOT NULL,
    "replica" text NOT NULL,
    "key_ids" text array NOT NULL,
    "seen_since" timestamptz NOT NULL DEFAULT now(),
    "seen_at" timestamptz NOT NULL DEFAULT now(),
    "ended_at" timestamptz,
    CONSTRAINT "pk_key_holders" PRIMARY KEY ("id"),
    CONSTRAINT "ck_key_holders_key_ids" CHECK (cardinality("key_ids") > 0)
  );
  INSERT INTO "secret_keys" ("id")
  SELECT encode(substring("auth_token" FROM 1 FOR 4), 'hex') FROM "schedules" WHERE octet_length("auth_token") > 32
   UNION
  SELECT encode(substring("sealed" FROM 1 FOR 4), 'hex') FROM "signing_secrets";
`;

/** Which keys secrets are sealed under, and which live processes have which keys. */
export class SecretKeys1764000000008 implements MigrationInterface {
  name = 'SecretKeys1764000000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE "key_holders"');
    await runner.query('DROP TABLE "secret_keys"');
  }
}
