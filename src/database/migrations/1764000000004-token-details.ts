import type { MigrationInterface, QueryRunner } from 'typeorm';

const UP = `
  ALTER TABLE "tokens"
    ADD "label" text,
    ADD "prefix" text,
    ADD "expires_at" timestamptz,
    ADD CONSTRAINT "ck_tokens_label" CHECK (char_length("label") BETWEEN 1 AND 100),
    ADD CONSTRAINT "ck_tokens_prefix" CHECK ("prefix" ~ '^[0-9a-f]{8}$');
  CREATE INDEX "ix_tokens_user" ON "tokens" ("user_id", "id");
`;

const DOWN = `
  DROP INDEX "ix_tokens_user";
  ALTER TABLE "tokens" DROP "label", DROP "prefix", DROP "expires_at";
`;

/** Tokens can be told apart, expire, and are listed by user. */
export class TokenDetails1764000000004 implements MigrationInterface {
  name = 'TokenDetails1764000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(UP);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(DOWN);
  }
}
