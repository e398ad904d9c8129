export { htmlForAll, textForAll } from './forAll.ts';
export {
  type Archived,
  type ArchivedWhole,
  archiveYears,
  findArchived,
  insertArchived,
  listArchived,
  notArchived,
} from './store.ts';
