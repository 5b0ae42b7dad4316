import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditLog } from './audit-log.js';
import { AuditRecord } from './audit-record.entity.js';
import { AuditRetention } from './audit-retention.js';
import { AuditController } from './audit.controller.js';
import { RequestAudit } from './request-audit.js';

/** Owns the record of who did what, when and from where. Routes say by `@Audited()` what is recorded of them. */
@Module({
  imports: [TypeOrmModule.forFeature([AuditRecord])],
  controllers: [AuditController],
  providers: [AuditLog, AuditRetention, RequestAudit],
  exports: [AuditLog],
})
export class AuditModule {}
