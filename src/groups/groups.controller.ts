import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AdminOnly } from '../http/access.decorators.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { Audited } from '../http/audited.decorator.js';
import { IntegerIdPipe } from '../http/identifiers.pipe.js';
import { type Page, PageOf, pageOf, type PageRequest } from '../http/paging.js';
import { PublicUrl } from '../http/public-url.js';
import { GroupDto, GroupInputDto, GroupPageDto } from './groups.dto.js';
import { GroupsService } from './groups.service.js';

const GROUP_ID = ApiParam({ name: 'id', schema: { type: 'integer', minimum: 1 }, description: 'ID of the group.' });

@ApiTags('Users and groups')
@Controller('api/v1/group')
export class GroupsController {
  constructor(private readonly groups: GroupsService) {}

  /**
   * List groups
   *
   * @remarks Newest first.
   */
  @Get()
  @ApiAnswers({ operationId: 'listGroups', status: 200, type: GroupPageDto, paged: true })
  async list(@PageOf() page: PageRequest, @PublicUrl() publicUrl: string): Promise<Page<GroupDto>> {
    const [groups, count] = await this.groups.list(page);
    const results = groups.map((group) => GroupDto.of(group, publicUrl));
    return pageOf(results, count, page);
  }

  /**
   * Create a group
   *
   * @remarks For admins.
   */
  @Post()
  @Audited('group.create')
  @AdminOnly()
  @ApiAnswers({
    operationId: 'createGroup',
    status: 201,
    type: GroupDto,
    errors: [400, 403],
    body: true,
    location: true,
  })
  async create(
    @Body() input: GroupInputDto,
    @PublicUrl() publicUrl: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GroupDto> {
    const group = GroupDto.of(await this.groups.create(input.name), publicUrl);
    reply.header('location', group.url);
    return group;
  }

  /**
   * Show a group
   *
   * @remarks Groups are visible to all users.
   */
  @Get(':id')
  @GROUP_ID
  @ApiAnswers({ operationId: 'getGroup', status: 200, type: GroupDto, errors: [404] })
  async get(@Param('id', IntegerIdPipe) id: number, @PublicUrl() publicUrl: string): Promise<GroupDto> {
    return GroupDto.of(await this.groups.get(id), publicUrl);
  }

  /**
   * Rename a group
   *
   * @remarks For admins.
   */
  @Put(':id')
  @GROUP_ID
  @Audited('group.update')
  @AdminOnly()
  @ApiAnswers({ operationId: 'renameGroup', status: 200, type: GroupDto, errors: [400, 403, 404], body: true })
  async rename(
    @Param('id', IntegerIdPipe) id: number,
    @Body() input: GroupInputDto,
    @PublicUrl() publicUrl: string,
  ): Promise<GroupDto> {
    return GroupDto.of(await this.groups.rename(id, input.name), publicUrl);
  }

  /**
   * Delete a group
   *
   * @remarks Its users stay. For admins.
   */
  @Delete(':id')
  @GROUP_ID
  @Audited('group.delete')
  @AdminOnly()
  @HttpCode(204)
  @ApiAnswers({ operationId: 'deleteGroup', status: 204, errors: [403, 404] })
  async remove(@Param('id', IntegerIdPipe) id: number): Promise<void> {
    await this.groups.remove(id);
  }
}
