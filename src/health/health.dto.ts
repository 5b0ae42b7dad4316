import { ApiProperty } from '@nestjs/swagger';

class HealthResultDto {
  /** @example "Accessible" */
  database: string;

  /** @example "0.1.0" */
  version: string;
}

export class HealthDto {
  /** @example true */
  up: boolean;
  result: HealthResultDto;
}

export class AliveDto {
  @ApiProperty({ enum: ['ok'] })
  status: 'ok';
}
