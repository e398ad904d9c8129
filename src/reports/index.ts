export { reportEdition } from './editionReport.ts';
