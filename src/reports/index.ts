export { type EditionReport, reportEdition } from './editionReport.ts';
