import type { Settlement } from './delivery.ts';
import type { Parcel } from './parcel.ts';
import type { Turn } from './turn.ts';

/** What a parcel is given back as: nothing has been done with it. */
export const UNTOUCHED: Settlement = {
  state: 'planned',
  cause: null,
  reason: '',
  waitMs: 0,
  charged: false,
  relay: '',
};

interface EditionsTurn {
  turn: Turn;
  settled: Parcel[];
  wanted: Parcel[];
}

/** A turn of the books is one statement an edition. */
export function turnsOf(settled: Parcel[], wanted: Parcel[]): EditionsTurn[] {
  const turns = new Map<string, EditionsTurn>();
  const turnFor = ({ run: { key, posting } }: Parcel) => {
    const name = `${key.editionId} ${posting.hash}`;
    const known = turns.get(name);
    if (known !== undefined) return known;
    const { editionId, newsletterId, hash } = posting;
    const made = { turn: { editionId, newsletterId, hash, settled: [], wanted: [] }, settled: [], wanted: [] };
    turns.set(name, made);
    return made as EditionsTurn;
  };
  for (const parcel of settled) {
    const { turn, settled } = turnFor(parcel);
    settled.push(parcel);
    turn.settled.push({ key: parcel.run.key, row: parcel.row, settlement: parcel.settlement ?? UNTOUCHED });
  }
  for (const parcel of wanted) {
    const { turn, wanted } = turnFor(parcel);
    wanted.push(parcel);
    turn.wanted.push({ key: parcel.run.key, row: parcel.row });
  }
  return [...turns.values()];
}
