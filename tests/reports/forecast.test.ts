import { type ForecastInput, forecastFinish } from '../../src/reports/forecast.ts';

const now = new Date('2026-11-26T08:00:00Z');
const relay = { name: 'main', perSecond: undefined, perDay: undefined, warmUp: undefined };
const foretell = (input: Partial<ForecastInput>) =>
  forecastFinish({
    now,
    remaining: [
      { domain: 'a.example', count: 3_000 },
      { domain: 'b.example', count: 600 },
    ],
    relays: [relay],
    limits: [],
    measuredPerSecond: undefined,
    ...input,
  });

test('without a limit or a pace there is nothing to go by', () => {
  expect(foretell({})).toBeUndefined();
});

test.each<[string, Partial<ForecastInput>, string, string]>([
  ['the pace', { measuredPerSecond: 10 }, '2026-11-26T08:06:00.000Z', 'the pace so far'],
  [
    'the rates of all relays together',
    {
      measuredPerSecond: 100,
      relays: [
        { ...relay, perSecond: 1 },
        { ...relay, perSecond: 2 },
      ],
    },
    '2026-11-26T08:20:00.000Z',
    "the relays' rate",
  ],
  [
    'the slowest domain, by its own limit or the general one',
    {
      measuredPerSecond: 100,
      limits: [
        { domain: '*', perSecond: 1, connections: null, perConnection: null },
        { domain: 'a.example', perSecond: 10, connections: null, perConnection: null },
      ],
    },
    '2026-11-26T08:10:00.000Z',
    'the limit of b.example',
  ],
  [
    'the quotas of days to come',
    { measuredPerSecond: 100, relays: [{ ...relay, perDay: 1_500 }] },
    '2026-11-28T00:00:00.000Z',
    "the relays' daily quota",
  ],
  [
    'a warm-up',
    {
      relays: [
        { ...relay, perDay: 100_000, warmUp: { from: new Date('2026-11-26T00:00:00Z'), first: 600, growth: 2 } },
      ],
    },
    '2026-11-28T00:00:00.000Z',
    "the relays' daily quota",
  ],
])('the end is as late as %s makes it', (_what, input, finishAt, limitedBy) => {
  expect(foretell(input)).toEqual({ finishAt: new Date(finishAt), limitedBy });
});

test('a relay without a rate has none together with others, and a quota that suffices today is no limit', () => {
  expect(foretell({ relays: [{ ...relay, perSecond: 1 }, relay] })).toBeUndefined();
  expect(foretell({ relays: [{ ...relay, perDay: 10_000 }] })).toBeUndefined();
});
