import { z } from 'zod';
import { DELIVERY_STATES, listDeliveries, sumsOf } from '../../dispatch/index.ts';
import {
  approveEdition,
  askForReview,
  cancelEdition,
  getEdition,
  pauseEdition,
  proposeCorrection,
  reopenStopped,
  resumeEdition,
  retryEdition,
  scheduleEdition,
  sendBack,
  sendEdition,
  sendTest,
  sendTestTo,
  stopEdition,
  takeApprovalBack,
} from '../../newsroom/index.ts';
import { standingApproval } from '../../editions/index.ts';
import { findSubscriberByAddress } from '../../subscribers/index.ts';
import { reportEdition, stateText } from '../../reports/index.ts';
import { RoundupError } from '../../platform/errors.ts';
import { pageOf, readCursor } from './cursor.ts';
import { revisionIn } from '../etag.ts';
import { followEdition } from '../events.ts';
import { type AnyOperation, operation } from './operation.ts';
import { visibleEdition } from '../visible.ts';
import type { ApiParts } from './parts.ts';
import {
  Approval,
  Delivery,
  Edition,
  Finding,
  Report,
  Sums,
  address,
  cause,
  deliveryState,
  givenTime,
  id,
  line,
  page,
  paging,
} from './schemas.ts';

const tag = 'Review and sending';
const editionParams = z.object({ editionId: id });
const comment = z.strictObject({ comment: line(2_000).default('') });

export function sendingOperations({ app, db, newsroom }: ApiParts): AnyOperation[] {
  const parts = { db, clock: app.clock, deskUrl: app.config.deskUrl };
  const editor = { tag, role: 'editor', scope: 'sending:write', params: editionParams } as const;
  const reader = { tag, role: 'viewer', scope: 'sending:read', params: editionParams } as const;
  /** By the reader whose address it is, which the ledger finds at once; else by the address as it was. */
  const whoIs = async (text: string | undefined) => {
    const subscriber = text === undefined ? undefined : await findSubscriberByAddress(db, text);
    return subscriber === undefined ? { address: text } : { subscriberId: subscriber.id };
  };
  return [
    operation({
      id: 'askForReview',
      method: 'POST',
      path: '/editions/:editionId/review',
      tag,
      summary: 'Ask the editors to look at it; they get a letter',
      role: 'author',
      scope: 'editions:write',
      params: editionParams,
      body: comment,
      bodyIsOptional: true,
      status: 201,
      answer: Edition,
      handle: async ({ params, identity, body, by }) => {
        const { id } = await visibleEdition(db, identity, params.editionId);
        return askForReview(await newsroom(), id, body.comment, by);
      },
    }),
    operation({
      ...editor,
      id: 'sendBack',
      method: 'DELETE',
      path: '/editions/:editionId/review',
      summary: 'Send it back: it is a draft again',
      query: comment,
      answer: Edition,
      handle: async ({ params, identity, query, by }) => {
        const { id } = await visibleEdition(db, identity, params.editionId);
        return sendBack(parts, id, query.comment, by);
      },
    }),
    operation({
      ...editor,
      id: 'approveEdition',
      method: 'POST',
      path: '/editions/:editionId/approval',
      summary: 'Approve it as it is',
      description:
        'Binds the hash of what readers will get. With If-Match, only at the revision that was read; with the `hash` of a preview, only what was seen in it, which a change of the theme, of a photograph or of what the house is called makes another. An error of preflight, or a second person that the newsletter wants, refuses it.',
      body: z.strictObject({
        hash: z
          .string()
          .regex(/^[0-9a-f]{64}$/)
          .optional()
          .describe('Of the preview that was looked at'),
      }),
      bodyIsOptional: true,
      status: 201,
      answer: z.object({ approval: Approval, findings: z.array(Finding) }),
      handle: async ({ params, identity, body, by, seen }) => {
        const edition = await visibleEdition(db, identity, params.editionId);
        return approveEdition(await newsroom(), edition.id, by, { ifRevision: revisionIn(seen), ifHash: body.hash });
      },
    }),
    operation({
      ...reader,
      id: 'getApproval',
      method: 'GET',
      path: '/editions/:editionId/approval',
      summary: 'Who approved it, and what',
      answer: Approval,
      handle: async ({ params, identity }) => {
        const { id } = await visibleEdition(db, identity, params.editionId);
        const approval = await standingApproval(db, id);
        if (approval === undefined) throw new RoundupError('not-found', `Edition ${id} is not approved.`);
        return approval;
      },
    }),
    operation({
      ...editor,
      id: 'withdrawApproval',
      method: 'DELETE',
      path: '/editions/:editionId/approval',
      summary: 'Take the approval back; its schedule goes with it',
      answer: Edition,
      handle: async ({ params, identity, by }) => {
        const { id } = await visibleEdition(db, identity, params.editionId);
        return takeApprovalBack(parts, id, by);
      },
    }),
    operation({
      ...editor,
      id: 'scheduleEdition',
      method: 'PUT',
      path: '/editions/:editionId/schedule',
      summary: 'Schedule it, for a time or for its slot',
      body: z.strictObject({ at: givenTime.nullable().default(null) }),
      bodyIsOptional: true,
      answer: Edition,
      handle: async ({ params, identity, body, by }) => {
        const { id } = await visibleEdition(db, identity, params.editionId);
        return scheduleEdition(await newsroom(), id, body.at ?? undefined, by);
      },
    }),
    operation({
      ...editor,
      id: 'sendEdition',
      method: 'POST',
      path: '/editions/:editionId/sending',
      summary: 'Send it now',
      status: 202,
      answer: z.object({ edition: Edition, audience: z.int() }),
      handle: async ({ params, identity, by }) => {
        const { id } = await visibleEdition(db, identity, params.editionId);
        const audience = await sendEdition(await newsroom(), id, by);
        return { edition: await getEdition(db, id), audience };
      },
    }),
    operation({
      ...editor,
      id: 'changeSending',
      method: 'PATCH',
      path: '/editions/:editionId/sending',
      summary: 'Pause it, carry it on, or stop it',
      body: z.strictObject({ state: z.enum(['paused', 'sending', 'stopped']) }),
      answer: Edition,
      handle: async ({ params, identity, body, by }) => {
        const { id } = await visibleEdition(db, identity, params.editionId);
        const act = { paused: pauseEdition, sending: resumeEdition, stopped: stopEdition }[body.state];
        return act(await newsroom(), id, by);
      },
    }),
    operation({
      ...editor,
      id: 'cancelEdition',
      method: 'POST',
      path: '/editions/:editionId/cancellation',
      summary: 'Call it off; before sending, its pieces are free again',
      status: 201,
      answer: Edition,
      handle: async ({ params, identity, by }) => {
        const { id } = await visibleEdition(db, identity, params.editionId);
        return cancelEdition(await newsroom(), id, by);
      },
    }),
    operation({
      ...editor,
      id: 'retryEdition',
      method: 'POST',
      path: '/editions/:editionId/retries',
      summary: 'Send it once more to those whom it has not reached, by state and cause',
      body: z.strictObject({
        states: z
          .array(z.enum(['refused', 'expired', 'uncertain', 'deferred']))
          .min(1)
          .max(4),
        causes: z.array(cause).min(1).max(20).optional(),
      }),
      status: 202,
      answer: z.object({ edition: Edition, readers: z.int() }),
      handle: async ({ params, identity, body, by }) => {
        const { id } = await visibleEdition(db, identity, params.editionId);
        const readers = await retryEdition(await newsroom(), id, { states: body.states, causes: body.causes }, by);
        return { edition: await getEdition(db, id), readers };
      },
    }),
    operation({
      ...editor,
      id: 'correctEdition',
      method: 'POST',
      path: '/editions/:editionId/corrections',
      summary:
        'Correct it: for those whom a stopped one has not reached, or, as an edition of its own, for those it has',
      body: z.strictObject({ for: z.enum(['left', 'reached']) }),
      status: 201,
      answer: Edition,
      handle: async ({ params, identity, body, by }) => {
        const { id } = await visibleEdition(db, identity, params.editionId);
        const act = body.for === 'left' ? reopenStopped : proposeCorrection;
        return act(parts, id, by);
      },
    }),
    operation({
      id: 'sendTest',
      method: 'POST',
      path: '/editions/:editionId/test-sends',
      tag,
      summary: 'Send it to one address, marked as a test',
      role: 'author',
      scope: 'editions:write',
      params: editionParams,
      body: z.strictObject({ to: address }),
      status: 201,
      answer: z.object({ reply: z.string() }),
      handle: async ({ params, identity, body, by }) => {
        const { id } = await visibleEdition(db, identity, params.editionId);
        return { reply: await sendTest(await newsroom(), id, body.to, by) };
      },
    }),
    operation({
      id: 'sendTestToSegment',
      method: 'POST',
      path: '/editions/:editionId/segment-tests',
      tag,
      summary: 'Send it to everybody of a small segment, marked as a test',
      description: 'Whoever may do it sees readers’ addresses.',
      role: 'editor',
      scope: 'subscribers:write',
      params: editionParams,
      body: z.strictObject({ segment: line(4_000).min(1).describe('The name of a segment, or a filter') }),
      status: 201,
      answer: z.object({
        sent: z.array(z.object({ address, reply: z.string().nullable(), problem: z.string().nullable() })),
      }),
      handle: async ({ params, identity, body, by }) => {
        const { id } = await visibleEdition(db, identity, params.editionId);
        return {
          sent: await sendTestTo(await newsroom(), id, { segment: body.segment, visible: identity.newsletterIds }, by),
        };
      },
    }),
    operation({
      ...reader,
      id: 'getSums',
      method: 'GET',
      path: '/editions/:editionId/sums',
      summary: 'How many recipients are in which state',
      answer: z.object({ state: z.string(), sums: Sums }),
      handle: async ({ params, identity }) => {
        const edition = await visibleEdition(db, identity, params.editionId);
        const sums = await sumsOf(db, edition.id);
        return { state: stateText(edition, sums), sums };
      },
    }),
    operation({
      ...reader,
      id: 'getReport',
      method: 'GET',
      path: '/editions/:editionId/report',
      summary: 'Sums, domains, reasons, pace and planned finish',
      answer: Report,
      handle: async ({ params, identity }) => {
        const edition = await visibleEdition(db, identity, params.editionId);
        const report = await reportEdition(db, edition, { now: app.clock.now(), relays: app.config.relays });
        return { ...report, perSecond: report.perSecond ?? null, forecast: report.forecast ?? null };
      },
    }),
    operation({
      ...reader,
      id: 'followEdition',
      method: 'GET',
      path: '/editions/:editionId/events',
      summary: 'How it goes on, as server-sent events',
      description: `An event "sums" whenever they have changed, at most once a second, with state and sums (${DELIVERY_STATES.join(', ')}); "end" when nothing more will come.`,
      gives: { types: ['text/event-stream'], description: 'Events' },
      handle: async ({ params, identity, reply, request }) => {
        const edition = await visibleEdition(db, identity, params.editionId);
        return followEdition({ db, clock: app.clock }, edition.id, { request, reply, identity });
      },
    }),
    operation({
      tag,
      id: 'listDeliveries',
      method: 'GET',
      path: '/editions/:editionId/deliveries',
      summary: 'The ledger: who got it, and why not',
      role: 'editor',
      scope: 'subscribers:read',
      params: editionParams,
      query: z.strictObject({ ...paging, state: deliveryState.optional(), address: line(254).optional() }),
      answer: page(Delivery),
      handle: async ({ params, query, identity }) => {
        const edition = await visibleEdition(db, identity, params.editionId);
        const [batch, subscriberId] = readCursor(z.tuple([z.int().min(0).max(2_147_483_647), id]), query.cursor) ?? [];
        const after = batch === undefined || subscriberId === undefined ? undefined : { batch, subscriberId };
        const asked = { limit: query.limit + 1, after, state: query.state, ...(await whoIs(query.address)) };
        const rows = await listDeliveries(db, edition, asked);
        return pageOf(rows, query.limit, (last) => [last.batch, last.subscriberId]);
      },
    }),
  ];
}
