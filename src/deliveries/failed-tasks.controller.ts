import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Scope } from '../database/scope.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { Audited } from '../http/audited.decorator.js';
import { IntegerIdPipe } from '../http/identifiers.pipe.js';
import { type Page, PageOf, pageOf, type PageRequest } from '../http/paging.js';
import { PublicUrl } from '../http/public-url.js';
import { ScopeOfCaller } from '../http/scope.decorator.js';
import { DeliveriesService } from './deliveries.service.js';
import { FailedTaskDto, FailedTaskPageDto, RequeuedDto } from './failed-tasks.dto.js';

@ApiTags('Failed tasks')
@Controller('api/v1/failed-tasks')
export class FailedTasksController {
  constructor(private readonly deliveries: DeliveriesService) {}

  /** Lists the deliveries whose last attempt failed, newest first: those of schedules that the caller may see. */
  @Get()
  @ApiAnswers({ status: 200, type: FailedTaskPageDto, paged: true })
  async list(
    @ScopeOfCaller() scope: Scope,
    @PageOf() page: PageRequest,
    @PublicUrl() publicUrl: string,
  ): Promise<Page<FailedTaskDto>> {
    const [tasks, count] = await this.deliveries.listFailed(scope, page);
    const results = tasks.map((task) => FailedTaskDto.of(task, publicUrl));
    return pageOf(results, count, page);
  }

  /** Requeues all that the caller may see, each under its old delivery id. */
  @Post()
  @Audited('failed-task.requeue-all')
  @ApiAnswers({ status: 201, type: RequeuedDto })
  async requeueAll(@ScopeOfCaller() scope: Scope): Promise<RequeuedDto> {
    await this.deliveries.requeueAll(scope);
    return { requeued_failed_tasks: true };
  }

  /** Shows one of them. */
  @Get(':id')
  @ApiAnswers({ status: 200, type: FailedTaskDto, errors: [404] })
  async get(
    @Param('id', IntegerIdPipe) id: number,
    @ScopeOfCaller() scope: Scope,
    @PublicUrl() publicUrl: string,
  ): Promise<FailedTaskDto> {
    return FailedTaskDto.of(await this.deliveries.getFailed(id, scope), publicUrl);
  }

  /** Requeues one of them under its old delivery id. */
  @Post(':id/requeue')
  @Audited('failed-task.requeue')
  @HttpCode(201)
  @ApiAnswers({ status: 201, type: RequeuedDto, errors: [404] })
  async requeue(@Param('id', IntegerIdPipe) id: number, @ScopeOfCaller() scope: Scope): Promise<RequeuedDto> {
    await this.deliveries.requeue(id, scope);
    return { requeued_failed_tasks: true };
  }
}
