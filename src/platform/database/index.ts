export { type Database, type OpenDatabase, connect, openDatabase } from './database.ts';
export { migrate } from './migrate.ts';
export { removeEmbedded, startEmbedded } from './embedded/index.ts';
export { sql } from 'kysely';
