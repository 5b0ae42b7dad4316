import { Body, Controller, Get, Param, Patch, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { AdminOnly } from '../http/access.decorators.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { Audited } from '../http/audited.decorator.js';
import { IntegerIdPipe } from '../http/identifiers.pipe.js';
import { type Page, PageOf, pageOf, type PageRequest } from '../http/paging.js';
import { PublicUrl } from '../http/public-url.js';
import { UserDto, UserInputDto, UserPageDto } from './users.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('Users and groups')
@Controller('api/v1/user')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  /** Lists users, newest first. */
  @Get()
  @ApiAnswers({ status: 200, type: UserPageDto, paged: true })
  async list(@PageOf() page: PageRequest, @PublicUrl() publicUrl: string): Promise<Page<UserDto>> {
    const [users, count] = await this.users.list(page);
    const results = users.map((user) => UserDto.of(user, publicUrl));
    return pageOf(results, count, page);
  }

  /** Shows a user. */
  @Get(':id')
  @ApiAnswers({ status: 200, type: UserDto, errors: [404] })
  async get(@Param('id', IntegerIdPipe) id: number, @PublicUrl() publicUrl: string): Promise<UserDto> {
    return UserDto.of(await this.users.get(id), publicUrl);
  }

  /** Changes a user's groups, or activates or deactivates the user. Admins only. */
  @Put(':id')
  @Audited('user.update')
  @AdminOnly()
  @ApiAnswers({ status: 200, type: UserDto, errors: [400, 403, 404] })
  async put(
    @Param('id', IntegerIdPipe) id: number,
    @Body() input: UserInputDto,
    @PublicUrl() publicUrl: string,
  ): Promise<UserDto> {
    const { groups, is_active: isActive } = input;
    return UserDto.of(await this.users.update(id, { groups, isActive }), publicUrl);
  }

  /** Changes a user as PUT does: in both, absent fields keep their value. Admins only. */
  @Patch(':id')
  @Audited('user.update')
  @AdminOnly()
  @ApiAnswers({ status: 200, type: UserDto, errors: [400, 403, 404] })
  patch(
    @Param('id', IntegerIdPipe) id: number,
    @Body() input: UserInputDto,
    @PublicUrl() publicUrl: string,
  ): Promise<UserDto> {
    return this.put(id, input, publicUrl);
  }
}
