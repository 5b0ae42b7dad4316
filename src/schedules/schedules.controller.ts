import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiQuery, ApiTags } from '@nestjs/swagger';
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

@ApiTags('Schedules')
@ApiHeader({ name: 'Prefer', required: false, description: '`handling=strict` refuses unknown fields with a 400.' })
@Controller('api/v1/schedule')
export class SchedulesController {
  constructor(
    private readonly schedules: SchedulesService,
    private readonly scheduleList: ScheduleList,
    private readonly addresses: AddressPolicy,
  ) {}

  /** Lists the schedules that the caller or a member of one of its groups created, newest first; for admins, all. A page ends early where its payloads have 4 MiB. */
  @Get()
  @ApiQuery({ name: 'frequency', required: false, schema: { type: 'integer' } })
  @ApiQuery({ name: 'enabled', required: false, schema: { type: 'boolean' } })
  @ApiQuery({ name: 'endpoint', required: false, schema: { type: 'string' } })
  @ApiQuery({ name: 'catch_up', required: false, schema: { enum: [...CATCH_UPS] } })
  @ApiQuery({ name: 'overlap', required: false, schema: { enum: [...OVERLAPS] } })
  @ApiAnswers({ status: 200, type: SchedulePageDto, errors: [400], paged: true })
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

  /** Makes a schedule. Give exactly one of cron_definition and interval_definition. */
  @Post()
  @Audited('schedule.create')
  @ApiBody({ type: CreateScheduleDto })
  @ApiAnswers({ status: 201, type: ScheduleDto, errors: [400] })
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

  /** Shows a schedule. To whom it is not listed it is not there: this answers 404, as do all routes of its path. */
  @Get(':id')
  @ApiAnswers({ status: 200, type: ScheduleDto, errors: [404] })
  async get(
    @Param('id', UuidPipe) id: string,
    @ScopeOfCaller() scope: Scope,
    @PublicUrl() publicUrl: string,
  ): Promise<ScheduleDto> {
    return scheduleView(await this.schedules.get(id, scope), publicUrl);
  }

  /** Changes a schedule. Absent fields keep their value; giving one definition clears the other. */
  @Put(':id')
  @Audited('schedule.update', { actionOf: changeOf })
  @ApiBody({ type: UpdateScheduleDto })
  @ApiAnswers({ status: 200, type: ScheduleDto, errors: [400, 404] })
  async put(
    @Param('id', UuidPipe) id: string,
    @Body() input: UpdateScheduleDto,
    @ScopeOfCaller() scope: Scope,
    @PublicUrl() publicUrl: string,
  ): Promise<ScheduleDto> {
    return scheduleView(await this.schedules.update(id, scheduleChanges(input, this.addresses), scope), publicUrl);
  }

  /** The same as PUT. */
  @Patch(':id')
  @Audited('schedule.update', { actionOf: changeOf })
  @ApiBody({ type: UpdateScheduleDto })
  @ApiAnswers({ status: 200, type: ScheduleDto, errors: [400, 404] })
  patch(
    @Param('id', UuidPipe) id: string,
    @Body() input: UpdateScheduleDto,
    @ScopeOfCaller() scope: Scope,
    @PublicUrl() publicUrl: string,
  ): Promise<ScheduleDto> {
    return this.put(id, input, scope, publicUrl);
  }

  /** Removes a schedule. What is still waiting of it is not sent. */
  @Delete(':id')
  @Audited('schedule.delete')
  @HttpCode(204)
  @ApiAnswers({ status: 204, errors: [404] })
  async remove(@Param('id', UuidPipe) id: string, @ScopeOfCaller() scope: Scope): Promise<void> {
    await this.schedules.remove(id, scope);
  }

  /** Lists the deliveries of a schedule with their attempts, newest tick first, from the first attempt on. */
  @Get(':id/deliveries')
  @ApiAnswers({ status: 200, type: DeliveryPageDto, errors: [404], paged: true })
  async deliveries(
    @Param('id', UuidPipe) id: string,
    @ScopeOfCaller() scope: Scope,
    @PageOf() page: PageRequest,
  ): Promise<Page<DeliveryDto>> {
    const [history, count] = await this.schedules.history(id, scope, page);
    return pageOf(history, count, page);
  }
}
