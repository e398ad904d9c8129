import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { importSuppressionList, liftSuppression, suppressAddress } from '../../../newsroom/index.ts';
import { isAtLeast } from '../../../accounts/index.ts';
import { RoundupError } from '../../../platform/errors.ts';
import { findSuppression, pageOfSuppressions } from '../../../subscribers/index.ts';
import { identityOf } from '../../access.ts';
import { withList } from '../../uploads.ts';
import { type DeskParts, type FormPage, formRoute, queryText } from '../forms.ts';
import { counted } from '../../../lib/text.ts';

// Addresses that are never mailed, whoever asks.

const EDITOR = { access: { who: 'editor', wholeHouse: true } } as const;
const PAGE = 50;
const detail = z.string().trim().max(300);

export function suppressionRoutes(server: FastifyInstance, { app, door, show }: DeskParts): void {
  const { db } = app.database;

  const list: FormPage = async (request, reply, extra) => {
    const address = queryText(request, 'address', 254);
    const after = queryText(request, 'after', 300);
    const one = address === '' ? undefined : await findSuppression(db, address);
    const rows =
      address === '' ? await pageOfSuppressions(db, { after, limit: PAGE + 1 }) : one === undefined ? [] : [one];
    return show(request, reply, 'suppressions', {
      title: 'Suppressions',
      address,
      suppressions: rows.slice(0, PAGE),
      next: rows.length > PAGE ? new URLSearchParams({ after: rows[PAGE - 1]?.address ?? '' }).toString() : undefined,
      mayLift: isAtLeast(identityOf(request).account.role, 'administrator'),
      ...extra,
    });
  };

  server.get('/suppressions', { config: EDITOR }, (request, reply) => list(request, reply, {}));

  formRoute(
    server,
    { app, door },
    {
      path: '/suppressions',
      access: EDITOR.access,
      page: list,
      act: async ({ body, by }) => {
        const address = await suppressAddress({ db }, body.address ?? '', detail.parse(body.detail ?? ''), by);
        return { told: `No mail goes to ${address} any more.`, to: '/suppressions' };
      },
    },
  );

  formRoute(
    server,
    { app, door },
    {
      path: '/suppressions/lift',
      access: { who: 'administrator', wholeHouse: true },
      page: list,
      act: async ({ body, by }) => {
        await liftSuppression({ db }, body.address ?? '', by);
        return {
          told: 'It may be mailed again, where it is subscribed. Whoever left stays away.',
          to: '/suppressions',
        };
      },
    },
  );

  formRoute(
    server,
    { app, door },
    {
      path: '/suppressions/import',
      access: EDITOR.access,
      page: list,
      takesFile: true,
      act: async ({ body, upload, by }) => {
        if (upload === null)
          throw new RoundupError('input-invalid', 'Choose a file: addresses, or SHA-256 or MD5 of them, one a line.');
        const why = detail.parse(body.detail ?? '') || 'imported';
        const { lines, addresses, hashes, matched, invalid } = await withList(upload.path, (file) =>
          importSuppressionList({ db }, file, why, by),
        );
        return {
          told: `${counted(lines, 'line')}: new are ${counted(addresses, 'address', 'addresses')} and ${counted(hashes, 'hash', 'hashes')}; of readers of ours: ${figure(matched)}.`,
          to: '/suppressions',
          ...(invalid === 0 ? {} : { warning: `${counted(invalid, 'line')} with neither.` }),
        };
      },
    },
  );
}

function figure(count: number): string {
  return count.toLocaleString('en-US');
}
