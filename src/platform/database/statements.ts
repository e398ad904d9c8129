import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
} from 'kysely';
import pg from 'pg';
import { reasonOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { int8AsNumber } from './types.ts';

// Statements that run hundreds of times a second: written with the same `sql` tag as all others, but made into text once and
// prepared by the server once a connection, so that a run costs neither of us parsing and planning.

/** A value that is given at each run. */
export class Slot {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

export function slot(name: string): Slot {
  return new Slot(name);
}

export interface Statements {
  /**
   * One statement, committed by itself; `write` is asked for it the first time that its name comes. Rejects when the server has
   * not answered for `ANSWER_TIMEOUT_MS`.
   */
  run<Row>(name: string, write: () => RawBuilder<unknown>, values: Record<string, unknown>): Promise<Row[]>;
  close(): Promise<void>;
}

const ANSWER_TIMEOUT_MS = 10_000;
const POOL_SIZE = 2;

const compiler = new Kysely<unknown>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
});

export function openStatements(url: string, log: Log): Statements {
  const known = new Map<string, CompiledQuery>();
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: ANSWER_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
    // A statement of some milliseconds is not worth compiling.
    options: '-c jit=off',
    types: int8AsNumber,
  });
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', (error) => log.warn('lost a database connection', { reason: reasonOf(error) }));
  return {
    run: async <Row>(name: string, write: () => RawBuilder<unknown>, values: Record<string, unknown>) => {
      const statement = known.get(name) ?? write().compile(compiler);
      known.set(name, statement);
      const { sql: text, parameters } = statement;
      const given = parameters.map((parameter) => (parameter instanceof Slot ? values[parameter.name] : parameter));
      return (await pool.query({ name, text, values: given })).rows as Row[];
    },
    close: () => pool.end(),
  };
}
