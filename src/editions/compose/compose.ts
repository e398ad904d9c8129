import { shorten, capital } from '../../lib/text.ts';
import type { Piece } from '../../pieces/index.ts';
import type { Choice, EditionContent, EditionPiece, EditionSection } from '../edition.ts';
import type { SectionSettings } from '../newsletter.ts';
import { excluded } from './exclude.ts';
import type { ComposeInput, Composition } from './input.ts';
import {
  chosen,
  filledUp,
  byRule,
  inSection,
  kindOf,
  left,
  listed,
  nameOf,
  noRoom,
  noSection,
  titled,
} from './reasons.ts';
import { type Candidate, type Rule, meets, meetsButForAge, orderOf } from './rules.ts';

// Proposes an edition. What may not run is put aside first, with its reason. What editors want is set; then every section, in
// their order, gets its minimum by its rule, then by what may fill it up, and then its maximum. No author and no region gets
// more than the newsletter allows, and an edition of one region alone gives a place to another. The same input gives the same
// edition, and every piece that was looked at gets a choice: in or out, with a code and a sentence.

interface Room {
  section: SectionSettings;
  pieces: Candidate[];
  /** Set by an editor, in this order. */
  fixed: Set<number>;
  isDropped: boolean;
}

export function compose(input: ComposeInput): Composition {
  return new Composer(input).compose();
}

class Composer {
  readonly #input: ComposeInput;
  readonly #candidates: Candidate[];
  readonly #rooms: Room[];
  readonly #choices: Map<number, Choice>;
  readonly #placed = new Set<number>();

  constructor(input: ComposeInput) {
    this.#input = input;
    this.#candidates = input.pieces.map((piece) => candidateOf(piece, input)).toSorted((a, b) => a.id - b.id);
    this.#choices = excluded(this.#candidates, input);
    this.#rooms = input.sections.map((section) => ({ section, pieces: [], fixed: new Set(), isDropped: false }));
  }

  compose(): Composition {
    this.#setKept();
    this.#setPinned();
    for (const room of this.#rooms) this.#fill(room, room.section.min);
    for (const room of this.#rooms) this.#fillUp(room);
    for (const room of this.#rooms) this.#dropIfShort(room);
    for (const room of this.#rooms) this.#fill(room, room.section.max);
    this.#widen();
    return this.#finish();
  }

  /** What an editor added or moved in an earlier proposal stays where it was put. */
  #setKept(): void {
    const byId = new Map(this.#candidates.map((piece) => [piece.id, piece]));
    for (const [key, ids] of this.#input.kept?.sections ?? []) {
      const room = this.#rooms.find(({ section }) => section.key === key);
      for (const id of room === undefined ? [] : ids) {
        const piece = byId.get(id);
        if (piece === undefined || this.#placed.has(id) || this.#choices.has(id)) continue;
        this.#put(room as Room, piece, this.#whyKept(room as Room, piece));
        room?.fixed.add(id);
      }
    }
  }

  #whyKept({ section, pieces }: Room, piece: Candidate): Choice {
    if (this.#input.kept?.byEditor.has(piece.id) === true)
      return chosen(piece, 'by-an-editor', 'An editor put it there.');
    return byRule(section, piece, pieces.length + 1);
  }

  #setPinned(): void {
    const pins = (this.#input.marks ?? []).filter(({ mark }) => mark === 'pin');
    for (const { pieceId, section, madeBy } of pins) {
      const piece = this.#candidates.find(({ id }) => id === pieceId);
      if (piece === undefined || this.#choices.has(pieceId) || this.#placed.has(pieceId)) continue;
      const room = this.#rooms.find((one) => one.section.key === section) ?? this.#roomFor(piece);
      if (room === undefined) continue;
      this.#put(room, piece, chosen(piece, 'pinned', `${madeBy} pinned it to ${nameOf(room.section)}.`));
      room.fixed.add(pieceId);
    }
  }

  /** The first section that takes it and still has room; for want of one, the last that is no lead. */
  #roomFor(piece: Candidate): Room | undefined {
    const taking = this.#rooms.filter(({ section }) => meets(section.rule, piece, this.#input.now));
    return (
      taking.find(({ section, pieces }) => pieces.length < section.max) ??
      taking.findLast(({ section }) => section.layout !== 'lead') ??
      this.#rooms.findLast(({ section }) => section.layout !== 'lead') ??
      this.#rooms.at(-1)
    );
  }

  #fill(room: Room, upTo: number): void {
    const { section } = room;
    if (room.isDropped) return;
    for (const piece of this.#free(section.rule, section)) {
      if (room.pieces.length >= upTo) return;
      if (this.#overLimit(piece) !== undefined) continue;
      this.#put(room, piece, byRule(section, piece, room.pieces.length + 1));
    }
  }

  #fillUp(room: Room): void {
    const { section } = room;
    if (section.fillUp === null) return;
    for (const piece of this.#free(section.fillUp, section)) {
      if (room.pieces.length >= section.min) return;
      if (this.#overLimit(piece) === undefined) this.#put(room, piece, filledUp(section, piece));
    }
  }

  /** Its pieces are free for the others. What an editor wants in it keeps it. */
  #dropIfShort(room: Room): void {
    const { section, pieces, fixed } = room;
    if (section.whenShort === 'keep' || pieces.length >= section.min || fixed.size > 0) return;
    room.isDropped = true;
    for (const { id } of pieces) {
      this.#placed.delete(id);
      this.#choices.delete(id);
    }
    room.pieces = [];
  }

  /** Where all is of one region, or of too few, the last of the fullest gives its place to a piece of another. */
  #widen(): void {
    const { minRegions } = this.#input.diversity;
    for (let regions = this.#regions(); regions.size > 0 && regions.size < minRegions; regions = this.#regions()) {
      if (!this.#swapIn(regions)) return;
    }
  }

  #regions(): Set<string> {
    return new Set(
      this.#rooms.flatMap(({ pieces }) => pieces.map(({ region }) => region)).filter((region) => region !== ''),
    );
  }

  #swapIn(regions: ReadonlySet<string>): boolean {
    const others = this.#free({}, undefined).filter(({ region }) => region !== '' && !regions.has(region));
    for (const piece of others) {
      const rooms = this.#rooms
        .filter(
          ({ section, isDropped }) =>
            !isDropped && section.layout !== 'lead' && meets(section.rule, piece, this.#input.now),
        )
        .toSorted((a, b) => b.pieces.length - a.pieces.length);
      for (const room of rooms) {
        const given = room.pieces.findLast(({ id, region }) => !room.fixed.has(id) && this.#isOneOfSeveral(region));
        if (given === undefined) continue;
        this.#take(room, given);
        if (this.#overLimit(piece) !== undefined) {
          this.#put(room, given, inSection(room.section, given, room.pieces.length + 1));
          continue;
        }
        const sentence = `It gives its place to ${titled(piece)}, so that not all is ${listed([...regions])}.`;
        this.#choices.set(given.id, left(given, 'one-region', sentence));
        const why = `The only ${kindOf(piece)} of ${piece.region}; without it all would be ${listed([...regions])}.`;
        this.#put(room, piece, chosen(piece, 'for-diversity', why));
        return true;
      }
    }
    return false;
  }

  /** Only then does the edition get wider when it goes. */
  #isOneOfSeveral(region: string): boolean {
    return this.#rooms.flatMap(({ pieces }) => pieces).filter((piece) => same(piece.region, region)).length > 1;
  }

  /** Pieces that are nowhere yet and meet a rule, in a section's order. */
  #free(rule: Rule, section: SectionSettings | undefined): Candidate[] {
    const free = this.#candidates.filter(
      (piece) => !this.#placed.has(piece.id) && !this.#choices.has(piece.id) && meets(rule, piece, this.#input.now),
    );
    return free.toSorted(orderOf(section ?? NEWEST));
  }

  /** Why one more by its authors, or of its region, would be too many. */
  #overLimit(piece: Candidate): Choice | undefined {
    const { perAuthor, perRegion } = this.#input.diversity;
    const placed = this.#rooms.flatMap(({ pieces }) => pieces);
    const author = piece.authors.find(
      (name) =>
        perAuthor !== null &&
        placed.filter(({ authors }) => authors.some((one) => same(one, name))).length >= perAuthor,
    );
    if (author !== undefined)
      return left(
        piece,
        'author-limit',
        `${author} has ${perAuthor} in it already, and that is the newsletter's limit.`,
      );
    const ofRegion = placed.filter(({ region }) => region !== '' && same(region, piece.region)).length;
    if (perRegion !== null && ofRegion >= perRegion)
      return left(
        piece,
        'region-limit',
        `${piece.region} has ${perRegion} in it already, and that is the newsletter's limit.`,
      );
    return undefined;
  }

  #put(room: Room, piece: Candidate, choice: Choice): void {
    room.pieces.push(piece);
    this.#placed.add(piece.id);
    this.#choices.set(piece.id, choice);
  }

  #take(room: Room, piece: Candidate): void {
    room.pieces.splice(room.pieces.indexOf(piece), 1);
    this.#placed.delete(piece.id);
    this.#choices.delete(piece.id);
  }

  #finish(): Composition {
    for (const piece of this.#candidates)
      if (!this.#choices.has(piece.id)) this.#choices.set(piece.id, this.#whyNot(piece));
    const sections = this.#rooms.map((room) => sectionOf(room)).filter(({ pieces }) => pieces.length > 0);
    const content: EditionContent = { ...titlesOf(sections), note: '', sections };
    return { content, choices: this.#inOrder(), size: sections.reduce((sum, { pieces }) => sum + pieces.length, 0) };
  }

  /** The newest first. */
  #inOrder(): Choice[] {
    return this.#candidates.toSorted(orderOf(NEWEST)).map(({ id }) => this.#choices.get(id) as Choice);
  }

  #whyNot(piece: Candidate): Choice {
    const { now, sections } = this.#input;
    const fitting = sections.filter((section) => meets(section.rule, piece, now));
    const open = fitting.filter((section) => this.#rooms.some((room) => room.section === section && !room.isDropped));
    if (open.length > 0) return this.#overLimit(piece) ?? noRoom(piece, open);
    const [dropped] = fitting;
    if (dropped !== undefined)
      return left(
        piece,
        'section-dropped',
        `${capital(nameOf(dropped))} wants ${dropped.min} and had fewer, so it is left out.`,
      );
    const tooOld = sections.find((section) => meetsButForAge(section.rule, piece));
    if (tooOld !== undefined)
      return left(
        piece,
        'too-old',
        `${capital(nameOf(tooOld))} takes nothing older than ${tooOld.rule.maxAgeDays} days.`,
      );
    return noSection(piece);
  }
}

const NEWEST = { layout: 'list', order: 'newest' } as SectionSettings;

function candidateOf(piece: Piece, { sourceNames }: ComposeInput): Candidate {
  const { publishedAt, embargoUntil, sourceId, sourceIds } = piece;
  const outAt = embargoUntil !== null && embargoUntil > publishedAt ? embargoUntil : publishedAt;
  return { ...piece, outAt, sources: [sourceId, ...sourceIds].flatMap((id) => sourceNames.get(id) ?? []) };
}

/** What editors set comes first and in their order; the rest in the section's. */
function sectionOf({ section, pieces, fixed }: Room): EditionSection {
  const own = pieces.filter(({ id }) => !fixed.has(id)).toSorted(orderOf(section));
  const ordered = [...pieces.filter(({ id }) => fixed.has(id)), ...own];
  return { key: section.key, title: section.title, layout: section.layout, pieces: ordered.map(toEditionPiece) };
}

/** The lead's headline is the subject, the next ones are what the inbox shows after it. */
export function titlesOf(sections: EditionSection[]): { subject: string; preheader: string } {
  const [lead, ...others] = sections.flatMap((section) => section.pieces);
  const more = others.slice(0, 2).map((piece) => shorten(piece.title, 70));
  return {
    subject: lead?.title ?? '',
    preheader: more.length === 0 ? (lead?.deck ?? '') : `Plus: ${more.join(' · ')}`,
  };
}

/** A piece as an edition takes it from the pool. */
export function toEditionPiece(piece: Piece): EditionPiece {
  const { url, title, deck, kind, region, authors, image, readingMinutes, language, version } = piece;
  return { pieceId: piece.id, url, title, deck, kind, region, authors, image, readingMinutes, language, version };
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
