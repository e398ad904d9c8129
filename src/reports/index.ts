export { type EditionReport, reportEdition } from './editionReport.ts';
export { shareOf, stateText } from './stateText.ts';
