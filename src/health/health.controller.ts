import { Controller, Get, Res } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiResponse, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { HealthCheck, HealthCheckService, type HealthCheckResult, TypeOrmHealthIndicator } from '@nestjs/terminus';
import type { FastifyReply } from 'fastify';
import { VERSION } from '../config/version.js';
import { Public } from '../http/access.decorators.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { apiSchema } from '../http/api-schemas.js';
import { AliveDto, HealthDto } from './health.dto.js';
import { MigrationsIndicator, QueueIndicator, ShutdownIndicator } from './indicators.js';

const PING_TIMEOUT_MS = 3_000;

@ApiTags('Helpers')
@Controller('api/health')
export class ApiHealthController {
  constructor(
    private readonly health: HealthCheckService,
    private readonly database: TypeOrmHealthIndicator,
  ) {}

  /**
   * Show the health of the service
   *
   * @remarks Returns 503 if the database cannot be reached.
   */
  @Get()
  @ApiResponse({ status: 503, schema: { oneOf: [{ $ref: getSchemaPath(HealthDto) }, apiSchema('ApiError')] } })
  @ApiAnswers({ operationId: 'getHealth', status: 200, type: HealthDto })
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
@ApiTags('Helpers')
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

  /** The same as `live`. */
  @Get()
  @ApiExcludeEndpoint()
  root(): AliveDto {
    return this.live();
  }

  /**
   * Check whether the process is alive
   *
   * @remarks Checks the process and its event loop only: an unreachable database is no reason to kill a process. Needs
   * no token.
   */
  @Get('live')
  @ApiAnswers({ operationId: 'getLiveness', status: 200, type: AliveDto, isPublic: true })
  live(): AliveDto {
    return { status: 'ok' };
  }

  /**
   * Check whether the process is ready
   *
   * @remarks Checks the database, the queue, the migrations, and that the process is not stopping. Needs no token.
   */
  @Get('ready')
  @ApiAnswers({ operationId: 'getReadiness', status: 200, isPublic: true })
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
