import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { DeliveryDto, DeliveryPageDto } from '../deliveries/delivery-history.dto.js';
import { Caller, type Principal } from '../http/access.decorators.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { Audited } from '../http/audited.decorator.js';
import { UuidPipe } from '../http/identifiers.pipe.js';
import { type Page, PageOf, pageOf, type PageRequest } from '../http/paging.js';
import { PublicUrl } from '../http/public-url.js';
import { CATCH_UPS } from './definitions/catch-up.js';
import { OVERLAPS } from './schedule.entity.js';
import { changeOf } from './schedule-audit.js';
import { scheduleFilter } from './schedule-filter.js';
import { scheduleChanges } from './schedule-input.js';
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
  ) {}

  /** Lists schedules, newest first. */
  @Get()
  @ApiQuery({ name: 'frequency', required: false, schema: { type: 'integer' } })
  @ApiQuery({ name: 'enabled', required: false, schema: { type: 'boolean' } })
  @ApiQuery({ name: 'endpoint', required: false, schema: { type: 'string' } })
  @ApiQuery({ name: 'catch_up', required: false, schema: { enum: [...CATCH_UPS] } })
  @ApiQuery({ name: 'overlap', required: false, schema: { enum: [...OVERLAPS] } })
  @ApiAnswers({ status: 200, type: SchedulePageDto, errors: [400], paged: true })
  async list(
    @Query() query: Record<string, unknown>,
    @PageOf() page: PageRequest,
    @PublicUrl() publicUrl: string,
  ): Promise<Page<ScheduleDto>> {
    const [schedules, count] = await this.scheduleList.page(scheduleFilter(query), page);
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
    @Caller() caller: Principal,
    @PublicUrl() publicUrl: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ScheduleDto> {
    const changes = { ...scheduleChanges(input), endpoint: input.endpoint };
    const view = scheduleView(await this.schedules.create(changes, caller), publicUrl);
    reply.header('location', view.url);
    return view;
  }

  /** Shows a schedule. */
  @Get(':id')
  @ApiAnswers({ status: 200, type: ScheduleDto, errors: [404] })
  async get(@Param('id', UuidPipe) id: string, @PublicUrl() publicUrl: string): Promise<ScheduleDto> {
    return scheduleView(await this.schedules.get(id), publicUrl);
  }

  /** Changes a schedule. Absent fields keep their value; giving one definition clears the other. */
  @Put(':id')
  @Audited('schedule.update', { actionOf: changeOf })
  @ApiBody({ type: UpdateScheduleDto })
  @ApiAnswers({ status: 200, type: ScheduleDto, errors: [400, 404] })
  async put(
    @Param('id', UuidPipe) id: string,
    @Body() input: UpdateScheduleDto,
    @Caller() caller: Principal,
    @PublicUrl() publicUrl: string,
  ): Promise<ScheduleDto> {
    return scheduleView(await this.schedules.update(id, scheduleChanges(input), caller), publicUrl);
  }

  /** The same as PUT. */
  @Patch(':id')
  @Audited('schedule.update', { actionOf: changeOf })
  @ApiBody({ type: UpdateScheduleDto })
  @ApiAnswers({ status: 200, type: ScheduleDto, errors: [400, 404] })
  patch(
    @Param('id', UuidPipe) id: string,
    @Body() input: UpdateScheduleDto,
    @Caller() caller: Principal,
    @PublicUrl() publicUrl: string,
  ): Promise<ScheduleDto> {
    return this.put(id, input, caller, publicUrl);
  }

  /** Removes a schedule. What is still waiting of it is not sent. */
  @Delete(':id')
  @Audited('schedule.delete')
  @HttpCode(204)
  @ApiAnswers({ status: 204, errors: [404] })
  async remove(@Param('id', UuidPipe) id: string): Promise<void> {
    await this.schedules.remove(id);
  }

  /** Lists the deliveries of a schedule with their attempts, newest tick first, from the first attempt on. */
  @Get(':id/deliveries')
  @ApiAnswers({ status: 200, type: DeliveryPageDto, errors: [404], paged: true })
  async deliveries(@Param('id', UuidPipe) id: string, @PageOf() page: PageRequest): Promise<Page<DeliveryDto>> {
    const [history, count] = await this.schedules.history(id, page);
    return pageOf(history, count, page);
  }
}
