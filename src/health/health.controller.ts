import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeController, ApiTags } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult, TypeOrmHealthIndicator } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { VERSION } from '../config/version.js';
import { Public } from '../http/access.decorators.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { HealthDto } from './health.dto.js';
import { MigrationsIndicator, QueueIndicator, ShutdownIndicator } from './indicators.js';

const PING_TIMEOUT_MS = 3_000;

@ApiTags('Helpers')
@Controller('api/health')
export class ApiHealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: TypeOrmHealthIndicator,
  ) {}

  /** Tells whether the service works; 503 when the database cannot be reached. */
  @Get()
  @ApiAnswers({ status: 200, type: HealthDto })
  async show(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthDto> {
    const up = await this.health
      .check([() => this.database.pingCheck('database', { timeout: PING_TIMEOUT_MS })])
      .then(() => true)
      .catch(() => false);
    reply.status(up ? 200 : 503);
    return { up, result: { database: up ? 'Accessible' : 'Inaccessible', version: VERSION } };
  }
}

/** For Kubernetes: no token. */
@ApiExcludeController()
@Public()
@Controller('health')
export class ProbesController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: TypeOrmHealthIndicator,
    private readonly queue: QueueIndicator,
    private readonly migrations: MigrationsIndicator,
    private readonly shutdown: ShutdownIndicator,
  ) {}

  /** The process and its event loop, nothing else: a database that is away is no reason to kill a process. */
  @Get(['', 'live'])
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([
      () => this.shutdown.check('process'),
      () => this.database.pingCheck('database', { timeout: PING_TIMEOUT_MS }),
      () => this.queue.check('queue'),
      () => this.migrations.check('migrations'),
    ]);
  }
}
