import { readFileSync } from 'node:fs';
import path from 'node:path';

// The fictional publication, written for this project: nobody in it is real, and its photographs were drawn by a program.

export interface DemoPublication {
  name: string;
  tagline: string;
  about: string;
  postalAddress: string;
  socialLinks: { name: string; url: string }[];
  contributors: { name: string; slug: string; bio: string }[];
  pieces: DemoPiece[];
}

export interface DemoPiece {
  slug: string;
  title: string;
  deck: string;
  kind: string;
  region: string;
  contributors: string[];
  tags: string[];
  /** Age at the demo's start. */
  daysAgo: number;
  image: string | null;
  imageAlt: string;
  imageCredit: string;
  body: string[];
}

export const DEMO_FOLDER = import.meta.dirname;

export function readDemoPublication(): DemoPublication {
  return JSON.parse(readFileSync(path.join(DEMO_FOLDER, 'publication.json'), 'utf8')) as DemoPublication;
}

export function contributorNames(publication: DemoPublication, piece: DemoPiece): string[] {
  return piece.contributors.map(
    (slug) => publication.contributors.find((person) => person.slug === slug)?.name ?? slug,
  );
}
