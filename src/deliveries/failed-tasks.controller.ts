import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { Scope } from '../database/scope.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { Audited } from '../http/audited.decorator.js';
import { IntegerIdPipe } from '../http/identifiers.pipe.js';
import { type Page, PageOf, pageOf, type PageRequest } from '../http/paging.js';
import { PublicUrl } from '../http/public-url.js';
import { ScopeOfCaller } from '../http/scope.decorator.js';
import { DeliveriesService } from './deliveries.service.js';
import { FailedTaskDto, FailedTaskPageDto, RequeuedDto } from './failed-tasks.dto.js';

const FAILED_TASK_ID = ApiParam({
  name: 'id',
  schema: { type: 'integer', minimum: 1 },
  description: 'ID of the failed task.',
});

@ApiTags('Failed tasks')
@Controller('api/v1/failed-tasks')
export class FailedTasksController {
  constructor(private readonly deliveries: DeliveriesService) {}

  /**
   * List failed tasks
   *
   * @remarks Deliveries whose last attempt failed, newest first, of the schedules that are visible to you.
   */
  @Get()
  @ApiAnswers({ operationId: 'listFailedTasks', status: 200, type: FailedTaskPageDto, paged: true })
  async list(
    @ScopeOfCaller() scope: Scope,
    @PageOf() page: PageRequest,
    @PublicUrl() publicUrl: string,
  ): Promise<Page<FailedTaskDto>> {
    const [tasks, count] = await this.deliveries.listFailed(scope, page);
    const results = tasks.map((task) => FailedTaskDto.of(task, publicUrl));
    return pageOf(results, count, page);
  }

  /**
   * Requeue all failed tasks
   *
   * @remarks Sends all failed tasks that are visible to you again, each under its old delivery ID.
   */
  @Post()
  @Audited('failed-task.requeue-all')
  @ApiAnswers({ operationId: 'requeueAllFailedTasks', status: 201, type: RequeuedDto })
  async requeueAll(@ScopeOfCaller() scope: Scope): Promise<RequeuedDto> {
    await this.deliveries.requeueAll(scope);
    return { requeued_failed_tasks: true };
  }

  /**
   * Show a failed task
   *
   * @remarks Returns 404 if it does not exist, was requeued, or belongs to a schedule that is not visible to you.
   */
  @Get(':id')
  @FAILED_TASK_ID
  @ApiAnswers({ operationId: 'getFailedTask', status: 200, type: FailedTaskDto, errors: [404] })
  async get(
    @Param('id', IntegerIdPipe) id: number,
    @ScopeOfCaller() scope: Scope,
    @PublicUrl() publicUrl: string,
  ): Promise<FailedTaskDto> {
    return FailedTaskDto.of(await this.deliveries.getFailed(id, scope), publicUrl);
  }

  /**
   * Requeue a failed task
   *
   * @remarks Sends it again, under its old delivery ID.
   */
  @Post(':id/requeue')
  @FAILED_TASK_ID
  @Audited('failed-task.requeue')
  @HttpCode(201)
  @ApiAnswers({ operationId: 'requeueFailedTask', status: 201, type: RequeuedDto, errors: [404] })
  async requeue(@Param('id', IntegerIdPipe) id: number, @ScopeOfCaller() scope: Scope): Promise<RequeuedDto> {
    await this.deliveries.requeue(id, scope);
    return { requeued_failed_tasks: true };
  }
}
