import pg from 'pg';

const INT8 = 20;

/** Whole numbers beyond 32 bits come as numbers: our ids and counts stay far below 2^53. */
export const int8AsNumber = {
  getTypeParser: ((oid: number, format: 'text') =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
};
