export { type LetterName, letterMessage, writeLetter } from './letter.ts';
export { type Alert, markTold, raiseAlert, raiseEditionAlert, untoldAlerts } from './alerts.ts';
