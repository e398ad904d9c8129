export { type LetterName, letterMessage, writeLetter } from './letter.ts';
export { readerMessage, writeReaderLetter } from './reader.ts';
export {
  type WaitingLetter,
  endLetter,
  endLettersAbout,
  endLettersTo,
  insertLetter,
  putOffLetter,
  takeLetters,
} from './outbox.ts';
export { type Alert, markTold, raiseAlert, raiseEditionAlert, takeAlert, untoldAlerts } from './alerts.ts';
