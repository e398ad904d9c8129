import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../../app.ts';
import { listNewsletters } from '../../editions/index.ts';
import { confirmSignUp, isInvitation } from '../../newsroom/index.ts';
import { findSignUp, readConfirmToken, readerToken } from '../../subscribers/index.ts';
import { type ShowReader, fieldsOf } from './reader.ts';

// The yes of whoever has the address. A GET says what it would be a yes to, and changes nothing.

const LINK = { access: { who: 'link' } } as const;

type WithToken = { Params: { token: string } };

export function confirmRoutes(server: FastifyInstance, app: App, show: ShowReader): void {
  const { db } = app.database;
  const { keys, baseUrl } = app.config;
  const parts = { db, clock: app.clock };

  const unknown = (request: FastifyRequest, reply: FastifyReply) =>
    show(request, reply, { page: 'used-link', title: (w) => w.usedLinkTitle, status: 404 });

  server.get<WithToken>('/confirm/:token', { config: LINK }, async (request, reply) => {
    const id = readConfirmToken(keys, request.params.token, app.clock.now());
    const signUp = id === undefined ? undefined : await findSignUp(db, id, app.clock.now());
    if (signUp === undefined) return unknown(request, reply);
    // Somebody who was invited may say yes to what is open to nobody else.
    const newsletters = (await listNewsletters(db)).filter(
      ({ id: own, isPublic }) => signUp.newsletterIds.includes(own) && (isPublic || isInvitation(signUp)),
    );
    return show(request, reply, {
      page: 'confirm',
      title: (w) => w.confirmTitle,
      language: signUp.language,
      view: () => ({ newsletters, address: signUp.address, token: request.params.token }),
    });
  });

  server.post<WithToken>('/confirm/:token', { config: LINK }, async (request, reply) => {
    const id = readConfirmToken(keys, request.params.token, app.clock.now());
    const chosen = fieldsOf(request).getAll('newsletter').map(Number);
    const confirmed = id === undefined || chosen.length === 0 ? undefined : await confirmSignUp(parts, id, chosen);
    if (confirmed === undefined) return unknown(request, reply);
    const { signUp, subscriberId, newsletters } = confirmed;
    const link = { newsletterId: newsletters[0]?.id ?? 0, subscriberId, editionId: 0 };
    return show(request, reply, {
      page: 'confirmed',
      title: (w) => w.confirmedTitle,
      language: signUp.language,
      view: (_w, tongue) => ({
        address: signUp.address,
        newsletters: new Intl.ListFormat(tongue).format(newsletters.map(({ name }) => name)),
        preferences: `${baseUrl}/p/${readerToken(keys, 'preferences', link)}`,
      }),
    });
  });
}
