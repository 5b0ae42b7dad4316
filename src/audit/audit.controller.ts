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

  /** Lists who did what, newest first. `count` stops at 100,000; older ones are reached by `until`. Admins only. */
  @Get()
  @AdminOnly()
  @ApiQuery({ name: 'actor', required: false, description: "A user's id, `cli` or `system`." })
  @ApiQuery({ name: 'action', required: false, enum: AUDIT_ACTIONS })
  @ApiQuery({ name: 'target', required: false, description: 'A kind, or kind/id.', example: 'group/1' })
  @ApiQuery({ name: 'since', required: false, schema: INSTANT, description: 'From this instant on.' })
  @ApiQuery({ name: 'until', required: false, schema: INSTANT, description: 'Before this instant.' })
  @ApiAnswers({ status: 200, type: AuditPageDto, errors: [400, 403], paged: true })
  async list(@Query() query: Record<string, unknown>, @PageOf() page: PageRequest): Promise<Page<AuditRecordDto>> {
    const [rows, count] = await this.log.page(auditFilter(query), page);
    return pageOf(
      rows.map((row) => AuditRecordDto.of(row)),
      count,
      page,
    );
  }
}
