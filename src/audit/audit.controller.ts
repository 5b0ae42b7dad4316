import { Controller, Get, Query } from '@nestjs/common';
import { ApiQuery, ApiTags } from '@nestjs/swagger';
import { AdminOnly } from '../http/access.decorators.js';
import { ApiAnswers } from '../http/api-answers.decorator.js';
import { AUDIT_ACTIONS } from '../http/audited.decorator.js';
import { type Page, PageOf, pageOf, type PageRequest } from '../http/paging.js';
import { auditFilter } from './audit-filter.js';
import { AuditLog } from './audit-log.js';
import { AuditPageDto, AuditRecordDto } from './audit.dto.js';

const INSTANT = { type: 'string', format: 'date-time' } as const;

@ApiTags('Audit log')
@Controller('api/v1/audit')
export class AuditController {
  constructor(private readonly log: AuditLog) {}

  /**
   * List audit records
   *
   * @remarks Who changed what, newest first. `count` stops at 100,000; use `until` to reach older records. For admins.
   */
  @Get()
  @AdminOnly()
  @ApiQuery({
    name: 'actor',
    required: false,
    schema: { type: 'string' },
    description: 'Only records of this actor: the ID of a user, `cli` or `system`.',
    example: '1',
  })
  @ApiQuery({
    name: 'action',
    required: false,
    schema: { type: 'string', enum: [...AUDIT_ACTIONS] },
    description: 'Only records of this action.',
  })
  @ApiQuery({
    name: 'target',
    required: false,
    schema: { type: 'string' },
    description: 'Only records of this target: a kind, or a kind and an ID.',
    example: 'group/1',
  })
  @ApiQuery({ name: 'since', required: false, schema: INSTANT, description: 'Only records from this time on.' })
  @ApiQuery({ name: 'until', required: false, schema: INSTANT, description: 'Only records before this time.' })
  @ApiAnswers({ operationId: 'listAuditRecords', status: 200, type: AuditPageDto, errors: [400, 403], paged: true })
  async list(@Query() query: Record<string, unknown>, @PageOf() page: PageRequest): Promise<Page<AuditRecordDto>> {
    const [rows, count] = await this.log.page(auditFilter(query), page);
    return pageOf(
      rows.map((row) => AuditRecordDto.of(row)),
      count,
      page,
    );
  }
}
