import type { FastifyInstance } from 'fastify';
import type { App } from '../../../app.ts';
import { readContent } from '../../../editions/index.ts';
import { imageShape, wholeImage } from '../../../newsroom/index.ts';
import { RoundupError, isCode } from '../../../platform/errors.ts';
import { rowNumber } from '../forms.ts';
import type { EditionParams, EditionParts } from './parts.ts';

// Which part of a photograph an edition shows: a point that is in the middle, and how close. Numbers without script, a frame to drag with it.

const AUTHOR = { access: { who: 'author' } } as const;

export function cropRoutes(server: FastifyInstance, app: App, { show, visible }: EditionParts): void {
  const { db } = app.database;

  server.get<EditionParams>('/editions/:id/pieces/:piece/crop', { config: AUTHOR }, async (request, reply) => {
    const edition = await visible(request);
    const content = await readContent(db, edition);
    const id = rowNumber(request.params.piece);
    const section = content.sections.find(({ pieces }) => pieces.some(({ pieceId }) => pieceId === id));
    const piece = section?.pieces.find(({ pieceId }) => pieceId === id);
    if (section === undefined || piece === undefined || piece.image === null)
      throw new RoundupError('not-found', 'This edition has no photograph of such a piece.');
    // What the source does not give now is said on the page.
    const whole = await wholeImage({ db, clock: app.clock, log: app.log }, piece).catch((error: unknown) => {
      if (isCode(error, 'fetch-failed')) return { problem: (error as Error).message };
      throw error;
    });
    return show(request, reply, 'crop', {
      title: 'Crop the photograph',
      scripts: ['crop.js'],
      edition,
      piece,
      ...(typeof whole === 'string' ? { whole } : whole),
      shape: imageShape(section.layout) ?? imageShape('lead'),
      crop: piece.image.crop ?? { x: 50, y: 50, zoom: 1 },
      isChosen: piece.image.crop !== undefined,
    });
  });
}
