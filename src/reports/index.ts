export { type EditionReport, reportEdition } from './editionReport.ts';
export { stateText } from './stateText.ts';
