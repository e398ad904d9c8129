export { type AuditEntry, listActs, recordAct } from './log.ts';
export { type Origin, actingFrom, originNow } from './origin.ts';
export { differenceOf } from './difference.ts';
