import { z } from 'zod';

/** The house whose newsletters these are; one an installation. */
export const publicationSchema = z.strictObject({
  name: z.string().trim().min(1).max(200),
  tagline: z.string().trim().max(300).default(''),
  homeUrl: z.url({ protocol: /^https?$/ }),
  logoUrl: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  /** Required in every commercial mail by the laws of many countries (CAN-SPAM 5(a)(5)). */
  postalAddress: z.string().trim().min(1).max(500),
  socialLinks: z
    .array(z.strictObject({ name: z.string().trim().min(1).max(50), url: z.url({ protocol: /^https?$/ }) }))
    .max(10)
    .default([]),
  /** BCP 47. */
  language: z
    .string()
    .regex(/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/)
    .default('en'),
});

export type Publication = z.infer<typeof publicationSchema>;
