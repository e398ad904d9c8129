export { demoConfig, demoPorts } from './config.ts';
export { openDemoFolder } from './folder.ts';
export { writeReaders } from './readers.ts';
export { startDemoSite } from './site.ts';
export {
  approveWeek,
  collectWeek,
  composeWeek,
  demoAdministrator,
  followSend,
  importReaders,
  piecesInPool,
  sendWeek,
  setUpHouse,
  unfinishedEdition,
} from './week.ts';
