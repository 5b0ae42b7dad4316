import { Body, Controller, Get, Param, Patch, Put } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import { AdminOnly } from '../http/access.decorators.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { Audited } from '../http/audited.decorator.js';
import { IntegerIdPipe } from '../http/identifiers.pipe.js';
import { type Page, PageOf, pageOf, type PageRequest } from '../http/paging.js';
import { PublicUrl } from '../http/public-url.js';
import { UserDto, UserInputDto, UserPageDto } from './users.dto.js';
import { UsersService } from './users.service.js';

const USER_ID = ApiParam({ name: 'id', schema: { type: 'integer', minimum: 1 }, description: 'ID of the user.' });

@ApiTags('Users and groups')
@Controller('api/v1/user')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  /**
   * List users
   *
   * @remarks Newest first.
   */
  @Get()
  @ApiAnswers({ operationId: 'listUsers', status: 200, type: UserPageDto, paged: true })
  async list(@PageOf() page: PageRequest, @PublicUrl() publicUrl: string): Promise<Page<UserDto>> {
    const [users, count] = await this.users.list(page);
    const results = users.map((user) => UserDto.of(user, publicUrl));
    return pageOf(results, count, page);
  }

  /**
   * Show a user
   *
   * @remarks Users are visible to all users.
   */
  @Get(':id')
  @USER_ID
  @ApiAnswers({ operationId: 'getUser', status: 200, type: UserDto, errors: [404] })
  async get(@Param('id', IntegerIdPipe) id: number, @PublicUrl() publicUrl: string): Promise<UserDto> {
    return UserDto.of(await this.users.get(id), publicUrl);
  }

  /**
   * Change a user (PUT)
   *
   * @remarks Does the same as PATCH. For admins.
   */
  @Put(':id')
  @USER_ID
  @Audited('user.update')
  @AdminOnly()
  @ApiAnswers({ operationId: 'putUser', status: 200, type: UserDto, errors: [400, 403, 404], body: true })
  async put(
    @Param('id', IntegerIdPipe) id: number,
    @Body() input: UserInputDto,
    @PublicUrl() publicUrl: string,
  ): Promise<UserDto> {
    const { groups, is_active: isActive } = input;
    return UserDto.of(await this.users.update(id, { groups, isActive }), publicUrl);
  }

  /**
   * Change a user
   *
   * @remarks Puts the user into exactly the given groups, or activates or deactivates it. An absent field keeps its
   * value. For admins.
   */
  @Patch(':id')
  @USER_ID
  @Audited('user.update')
  @AdminOnly()
  @ApiAnswers({ operationId: 'updateUser', status: 200, type: UserDto, errors: [400, 403, 404], body: true })
  patch(
    @Param('id', IntegerIdPipe) id: number,
    @Body() input: UserInputDto,
    @PublicUrl() publicUrl: string,
  ): Promise<UserDto> {
    return this.put(id, input, publicUrl);
  }
}
