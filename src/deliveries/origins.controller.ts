import { Controller, Get, Query } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import { AdminOnly } from '../http/access.decorators.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { InvalidInputError } from '../http/domain-error.js';
import { type Page, PageOf, pageOf, type PageRequest } from '../http/paging.js';
import { BREAKER_STATES, OriginDto, OriginPageDto } from './origins.dto.js';
import { OriginsService } from './origins.service.js';

@ApiTags('Origins')
@Controller('api/v1/origins')
export class OriginsController {
  constructor(private readonly origins: OriginsService) {}

  /**
   * List origins
   *
   * @remarks The origins of endpoints, by name, with the state of their circuit breakers. For admins.
   */
  @Get()
  @AdminOnly()
  @ApiQuery({
    name: 'breaker',
    required: false,
    schema: { type: 'string', enum: [...BREAKER_STATES] },
    description: 'Only origins whose circuit breaker is in this state.',
  })
  @ApiAnswers({ operationId: 'listOrigins', status: 200, type: OriginPageDto, errors: [400, 403], paged: true })
  async list(@Query('breaker') breaker: unknown, @PageOf() page: PageRequest): Promise<Page<OriginDto>> {
    const [origins, count] = await this.origins.list(isOpen(breaker), page);
    return pageOf(
      origins.map((origin) => OriginDto.of(origin)),
      count,
      page,
    );
  }
}

function isOpen(text: unknown): boolean | undefined {
  const breaker = typeof text === 'string' ? text.trim() : text;
  if (!breaker) return undefined;
  if (breaker === 'open' || breaker === 'closed') return breaker === 'open';
  throw InvalidInputError.on('breaker', `${JSON.stringify(breaker)} is not a valid choice.`);
}
