import { writeFileSync } from 'node:fs';
import path from 'node:path';

// Two thousand readers who do not exist, under domains that belong to nobody (RFC 2606), with names as the world writes them,
// and a few lines that are wrong, as in every list.

const GIVEN = [
  'Amara',
  'Björn',
  'Chiara',
  'Dmytro',
  'Élodie',
  'Fatima',
  'Goran',
  'Hana',
  'İpek',
  'Jürgen',
  'Kofi',
  'Léa',
  'Mariana',
  'Nguyễn',
  'Olu',
  'Priya',
  'Quentin',
  'Rosa',
  'Søren',
  'Tomasz',
  'Usha',
  'Vera',
  'Wanjiru',
  '雪',
  'Ювгенія',
  'زينب',
  'Zoë',
  'Αλέξης',
  'נועה',
  'Iñaki',
];
const FAMILY = [
  'Abara',
  'Brânză',
  'Castellanos',
  'Dvořák',
  'El-Masri',
  'Fjelstad',
  'Grünwald',
  'Halloran',
  'Ivanchuk',
  'Jørgensen',
  'Kaplan',
  "O'Leary",
  'Łukasik',
  'Müller',
  'Nakamura',
  'Okonjo',
  'Peña',
  'Quispe',
  'Rao',
  'Şahin',
  'Tanaka',
  'Ulloa',
  'van der Meer',
  'Wójcik',
  'Xhaferi',
  'Yılmaz',
  'Zhang',
];
const DOMAINS = [
  'mail.example',
  'post.example',
  'letters.example.org',
  'readers.example.net',
  'inbox.example.com',
  'university.example',
];
const WRONG = ['not-an-address,Nobody', ',Somebody without an address', 'two@at@signs.example,Two Ats'];

export const DEMO_READERS = 2_000;

/** Writes the list as a CSV file and returns its path. */
export function writeReaders(folder: string): string {
  const lines = Array.from({ length: DEMO_READERS }, (_, index) => {
    const given = GIVEN[index % GIVEN.length] as string;
    const family = FAMILY[(index * 7) % FAMILY.length] as string;
    const domain = DOMAINS[(index * 5) % DOMAINS.length] as string;
    return `reader.${index + 1}@${domain},${given} ${family}`;
  });
  lines.splice(700, 0, ...WRONG);
  const file = path.join(folder, 'readers.csv');
  writeFileSync(file, `\ufeffEmail,Name\r\n${lines.join('\r\n')}\r\n`);
  return file;
}
