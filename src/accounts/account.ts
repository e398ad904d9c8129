import { z } from 'zod';
import { addressSchema } from './address.ts';

/** What a person may do; each role may do what the ones before it may. */
export const ROLES = ['viewer', 'author', 'editor', 'administrator'] as const;
export type Role = (typeof ROLES)[number];

export const ROLE_SENTENCES: Record<Role, string> = {
  viewer: 'sees editions, pieces and figures',
  author: 'composes editions and asks for review',
  editor: 'composes, approves and sends, and sees subscribers',
  administrator: 'does all of it, and decides who may',
};

export interface Account {
  id: number;
  address: string;
  name: string;
  role: Role;
  /** The newsletters that it is for; null is all of them. */
  newsletterIds: number[] | null;
  hasPassword: boolean;
  /** Is a second factor asked for? */
  hasFactor: boolean;
  createdAt: Date;
  signedInAt: Date | null;
  disabledAt: Date | null;
}

export const newAccountSchema = z.strictObject({
  address: addressSchema,
  name: z.string().trim().min(1).max(100),
  role: z.enum(ROLES),
  newsletterIds: z.array(z.int().positive()).min(1).max(100).nullable().default(null),
});

export type NewAccount = z.infer<typeof newAccountSchema>;

export function isAtLeast(role: Role, wanted: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(wanted);
}
