import type { Check } from './finding.ts';

const WIDTH = 78;

export const text: Check = ({ text }) => {
  const tooLong = text.split('\n').filter((line) => [...line].length > WIDTH && !/^\S*https?:\/\/\S+$/.test(line));
  if (tooLong.length === 0) return [];
  return [
    {
      level: 'warning',
      code: 'text-lines-long',
      sentence: `${tooLong.length} lines of the text part are longer than ${WIDTH} characters.`,
    },
  ];
};
