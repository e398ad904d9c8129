import pg from 'pg';

const INT8 = 20;
const INT8_ARRAY = 1016;

/** Whole numbers beyond 32 bits come as numbers: our ids and counts stay far below 2^53. */
export const int8AsNumber = {
  getTypeParser: ((oid: number, format: 'text') => {
    if (oid === INT8) return Number;
    const parse = pg.types.getTypeParser(oid, format);
    return oid === INT8_ARRAY ? (text: string) => (parse(text) as unknown as string[]).map(Number) : parse;
  }) as typeof pg.types.getTypeParser,
};
