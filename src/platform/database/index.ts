export { type Database, type OpenDatabase, connect, openDatabase } from './database.ts';
export { takeTurns } from './turns.ts';
export { migrate } from './migrate.ts';
export { removeEmbedded, startEmbedded } from './embedded/index.ts';
export { type RawBuilder, sql } from 'kysely';
export { type Statements, openStatements, slot } from './statements.ts';
export { forgetCounts, keptCounts, recentCount, sweepCounts } from './counts.ts';
export { type RateLimit, resetLimit, sweepLimits, takeFromLimit } from './rateLimit.ts';
