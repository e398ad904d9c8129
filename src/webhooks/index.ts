export { EVENT_TYPES, type EventType, webhookSchema } from './webhook.ts';
export { insertDeliveries as announce, isWanted, listDeliveriesOf, listWebhooks, sweepDeliveries } from './store.ts';
export {
  changeWebhook,
  getWebhook,
  makeWebhook,
  removeWebhook,
  renewSecret,
  replayEvent,
  testWebhook,
} from './manage.ts';
export { deliverDue } from './tell.ts';
