import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { AdminOnly } from '../http/access.decorators.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { Audited } from '../http/audited.decorator.js';
import { IntegerIdPipe } from '../http/identifiers.pipe.js';
import { type Page, PageOf, pageOf, type PageRequest } from '../http/paging.js';
import { PublicUrl } from '../http/public-url.js';
import { GroupDto, GroupInputDto, GroupPageDto } from './groups.dto.js';
import { GroupsService } from './groups.service.js';

@ApiTags('Users and groups')
@Controller('api/v1/group')
export class GroupsController {
  constructor(private readonly groups: GroupsService) {}

  /** Lists groups, newest first. */
  @Get()
  @ApiAnswers({ status: 200, type: GroupPageDto, paged: true })
  async list(@PageOf() page: PageRequest, @PublicUrl() publicUrl: string): Promise<Page<GroupDto>> {
    const [groups, count] = await this.groups.list(page);
    const results = groups.map((group) => GroupDto.of(group, publicUrl));
    return pageOf(results, count, page);
  }

  /** Makes a group. Admins only. */
  @Post()
  @Audited('group.create')
  @AdminOnly()
  @ApiAnswers({ status: 201, type: GroupDto, errors: [400, 403] })
  async create(
    @Body() input: GroupInputDto,
    @PublicUrl() publicUrl: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<GroupDto> {
    const group = GroupDto.of(await this.groups.create(input.name), publicUrl);
    reply.header('location', group.url);
    return group;
  }

  /** Shows a group. */
  @Get(':id')
  @ApiAnswers({ status: 200, type: GroupDto, errors: [404] })
  async get(@Param('id', IntegerIdPipe) id: number, @PublicUrl() publicUrl: string): Promise<GroupDto> {
    return GroupDto.of(await this.groups.get(id), publicUrl);
  }

  /** Renames a group. Admins only. */
  @Put(':id')
  @Audited('group.update')
  @AdminOnly()
  @ApiAnswers({ status: 200, type: GroupDto, errors: [400, 403, 404] })
  async rename(
    @Param('id', IntegerIdPipe) id: number,
    @Body() input: GroupInputDto,
    @PublicUrl() publicUrl: string,
  ): Promise<GroupDto> {
    return GroupDto.of(await this.groups.rename(id, input.name), publicUrl);
  }

  /** Removes a group; its users stay. Admins only. */
  @Delete(':id')
  @Audited('group.delete')
  @AdminOnly()
  @HttpCode(204)
  @ApiAnswers({ status: 204, errors: [403, 404] })
  async remove(@Param('id', IntegerIdPipe) id: number): Promise<void> {
    await this.groups.remove(id);
  }
}
