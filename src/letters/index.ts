export { type LetterName, letterMessage, writeLetter } from './letter.ts';
export { type Alert, markTold, raiseAlert, raiseEditionAlert, takeAlert, untoldAlerts } from './alerts.ts';
