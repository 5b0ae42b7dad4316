// For TypeORM's command line, on built code: npm run migration:check
import { DataSource } from 'typeorm';
import { dataSourceOptions } from './dist/database/data-source-options.js';
import { entities } from './dist/database/entities.js';

export default new DataSource(dataSourceOptions(process.env.DATABASE_URL ?? '', entities));
