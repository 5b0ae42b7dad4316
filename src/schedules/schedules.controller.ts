import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiBody, ApiParam, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import type { Scope } from '../database/scope.js';
import { DeliveryDto, DeliveryPageDto } from '../deliveries/delivery-history.dto.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { Audited } from '../http/audited.decorator.js';
import { UuidPipe } from '../http/identifiers.pipe.js';
import { type Page, PageOf, pageOf, type PageRequest } from '../http/paging.js';
import { PublicUrl } from '../http/public-url.js';
import { ScopeOfCaller } from '../http/scope.decorator.js';
import { AddressPolicy } from '../outbound/address-policy.js';
import { CATCH_UPS } from './definitions/catch-up.js';
import { OVERLAPS } from './schedule.entity.js';
import { changeOf } from './schedule-audit.js';
import { scheduleFilter } from './schedule-filter.js';
import { newSchedule, scheduleChanges } from './schedule-input.js';
import { ScheduleList } from './schedule-list.js';
import { scheduleView } from './schedule.view.js';
import { CreateScheduleDto, ScheduleDto, SchedulePageDto, UpdateScheduleDto } from './schedules.dto.js';
import { SchedulesService } from './schedules.service.js';

const SCHEDULE_ID = ApiParam({
  name: 'id',
  schema: { type: 'string', format: 'uuid' },
  description: 'ID of the schedule, with or without hyphens.',
});

@ApiTags('Schedules')
@Controller('api/v1/schedule')
export class SchedulesController {
  constructor(
    private readonly schedules: SchedulesService,
    private readonly scheduleList: ScheduleList,
    private readonly addresses: AddressPolicy,
  ) {}

  /**
   * List schedules
   *
   * @remarks Newest first. Admins see all schedules; other users those that they or a member of one of their groups
   * created. A page ends early when its payloads reach 4 MiB.
   */
  @Get()
  @ApiQuery({
    name: 'frequency',
    required: false,
    schema: { type: 'integer', minimum: 0 },
    description: 'Only schedules with this number of runs in total.',
  })
  @ApiQuery({
    name: 'triggered',
    required: false,
    schema: { type: 'integer', minimum: 0 },
    description: 'Only schedules with this number of runs so far.',
  })
  @ApiQuery({
    name: 'enabled',
    required: false,
    schema: { type: 'boolean' },
    description: 'Only schedules that are enabled, or disabled.',
  })
  @ApiQuery({
    name: 'active',
    required: false,
    deprecated: true,
    schema: { type: 'boolean' },
    description: 'The same as `enabled`, for older clients.',
  })
  @ApiQuery({
    name: 'endpoint',
    required: false,
    schema: { type: 'string' },
    description: 'Only schedules with exactly this endpoint.',
  })
  @ApiQuery({
    name: 'cron_definition',
    required: false,
    schema: { type: 'string' },
    description: 'Only schedules with exactly this crontab.',
  })
  @ApiQuery({
    name: 'interval_definition',
    required: false,
    schema: { type: 'string' },
    description: 'Only schedules with exactly this interval.',
  })
  @ApiQuery({
    name: 'catch_up',
    required: false,
    schema: { type: 'string', enum: [...CATCH_UPS] },
    description: 'Only schedules that catch up with late ticks like this.',
  })
  @ApiQuery({
    name: 'overlap',
    required: false,
    schema: { type: 'string', enum: [...OVERLAPS] },
    description: 'Only schedules that treat overlapping deliveries like this.',
  })
  @ApiAnswers({ operationId: 'listSchedules', status: 200, type: SchedulePageDto, errors: [400], paged: true })
  async list(
    @Query() query: Record<string, unknown>,
    @ScopeOfCaller() scope: Scope,
    @PageOf() page: PageRequest,
    @PublicUrl() publicUrl: string,
  ): Promise<Page<ScheduleDto>> {
    const [schedules, count] = await this.scheduleList.page(scheduleFilter(query), scope, page);
    const results = schedules.map((schedule) => scheduleView(schedule, publicUrl));
    return pageOf(results, count, page);
  }

  /**
   * Create a schedule
   *
   * @remarks Give exactly one of `cron_definition` and `interval_definition`.
   */
  @Post()
  @Audited('schedule.create')
  @ApiBody({ type: CreateScheduleDto })
  @ApiAnswers({
    operationId: 'createSchedule',
    status: 201,
    type: ScheduleDto,
    errors: [400],
    body: true,
    location: true,
  })
  async create(
    @Body() input: CreateScheduleDto,
    @ScopeOfCaller() scope: Scope,
    @PublicUrl() publicUrl: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ScheduleDto> {
    const schedule = await this.schedules.create(newSchedule(input, this.addresses), scope);
    const view = scheduleView(schedule, publicUrl);
    reply.header('location', view.url);
    return view;
  }

  /**
   * Show a schedule
   *
   * @remarks Returns 404 if the schedule does not exist or is not visible to you, as do all operations on it.
   */
  @Get(':id')
  @SCHEDULE_ID
  @ApiAnswers({ operationId: 'getSchedule', status: 200, type: ScheduleDto, errors: [404] })
  async get(
    @Param('id', UuidPipe) id: string,
    @ScopeOfCaller() scope: Scope,
    @PublicUrl() publicUrl: string,
  ): Promise<ScheduleDto> {
    return scheduleView(await this.schedules.get(id, scope), publicUrl);
  }

  /**
   * Change a schedule (PUT)
   *
   * @remarks Does the same as PATCH: absent fields keep their value. Giving one definition clears the other.
   */
  @Put(':id')
  @SCHEDULE_ID
  @Audited('schedule.update', { actionOf: changeOf })
  @ApiBody({ type: UpdateScheduleDto })
  @ApiAnswers({ operationId: 'putSchedule', status: 200, type: ScheduleDto, errors: [400, 404], body: true })
  async put(
    @Param('id', UuidPipe) id: string,
    @Body() input: UpdateScheduleDto,
    @ScopeOfCaller() scope: Scope,
    @PublicUrl() publicUrl: string,
  ): Promise<ScheduleDto> {
    return scheduleView(await this.schedules.update(id, scheduleChanges(input, this.addresses), scope), publicUrl);
  }

  /**
   * Change a schedule
   *
   * @remarks Absent fields keep their value. Giving one definition clears the other. An endpoint of another origin
   * clears `auth_token`, unless it is given as well.
   */
  @Patch(':id')
  @SCHEDULE_ID
  @Audited('schedule.update', { actionOf: changeOf })
  @ApiBody({ type: UpdateScheduleDto })
  @ApiAnswers({ operationId: 'updateSchedule', status: 200, type: ScheduleDto, errors: [400, 404], body: true })
  patch(
    @Param('id', UuidPipe) id: string,
    @Body() input: UpdateScheduleDto,
    @ScopeOfCaller() scope: Scope,
    @PublicUrl() publicUrl: string,
  ): Promise<ScheduleDto> {
    return this.put(id, input, scope, publicUrl);
  }

  /**
   * Delete a schedule
   *
   * @remarks Deliveries that are still waiting are not sent.
   */
  @Delete(':id')
  @SCHEDULE_ID
  @Audited('schedule.delete')
  @HttpCode(204)
  @ApiAnswers({ operationId: 'deleteSchedule', status: 204, errors: [404] })
  async remove(@Param('id', UuidPipe) id: string, @ScopeOfCaller() scope: Scope): Promise<void> {
    await this.schedules.remove(id, scope);
  }

  /**
   * List the deliveries of a schedule
   *
   * @remarks Newest tick first, each with its attempts, first attempt first. Deliveries are listed from their first
   * attempt on.
   */
  @Get(':id/deliveries')
  @SCHEDULE_ID
  @ApiAnswers({ operationId: 'listDeliveries', status: 200, type: DeliveryPageDto, errors: [404], paged: true })
  async deliveries(
    @Param('id', UuidPipe) id: string,
    @ScopeOfCaller() scope: Scope,
    @PageOf() page: PageRequest,
  ): Promise<Page<DeliveryDto>> {
    const [history, count] = await this.schedules.history(id, scope, page);
    return pageOf(history, count, page);
  }
}
