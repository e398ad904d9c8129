export { type LetterName, letterMessage, writeLetter } from './letter.ts';
