import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Firings that cannot be fired are set aside with the reason. The former release does not look at it. */
export class FiringFaults1764000000011 implements MigrationInterface {
  name = 'FiringFaults1764000000011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "firings" ADD "fault" text');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE "firings" DROP "fault"');
  }
}
