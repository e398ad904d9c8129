export { examine } from './checks.ts';
export { dkimName, dkimOf, openResolver, senderRecords, zoneText } from './dns.ts';
