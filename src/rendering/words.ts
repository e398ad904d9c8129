/** The mail's own words. Everything else in it is the publication's. */
export interface Words {
  direction: 'ltr' | 'rtl';
  viewInBrowser: string;
  keepReading: string;
  watch: string;
  by: (names: string) => string;
  and: string;
  minutes: (count: number) => string;
  photo: (credit: string) => string;
  number: (count: number) => string;
  unsubscribe: string;
  preferences: string;
  wentTo: string;
  why: (newsletter: string) => string;
  /** Before the subject of an edition that corrects another. */
  correction: string;
}

const en: Words = {
  direction: 'ltr',
  viewInBrowser: 'View in browser',
  keepReading: 'Keep reading',
  watch: 'Watch',
  by: (names) => `By ${names}`,
  and: 'and',
  minutes: (count) => `${count} min read`,
  photo: (credit) => `Photo: ${credit}`,
  number: (count) => `No. ${count}`,
  unsubscribe: 'Unsubscribe',
  preferences: 'Preferences',
  wentTo: 'This mail went to',
  why: (newsletter) => `You get it because you subscribed to ${newsletter}.`,
  correction: 'Correction',
};

const es: Words = {
  direction: 'ltr',
  viewInBrowser: 'Ver en el navegador',
  keepReading: 'Seguir leyendo',
  watch: 'Ver',
  by: (names) => `Por ${names}`,
  and: 'y',
  minutes: (count) => `${count} min de lectura`,
  photo: (credit) => `Foto: ${credit}`,
  number: (count) => `N.º ${count}`,
  unsubscribe: 'Darse de baja',
  preferences: 'Preferencias',
  wentTo: 'Este correo se envió a',
  why: (newsletter) => `Lo recibe porque se suscribió a ${newsletter}.`,
  correction: 'Corrección',
};

const fr: Words = {
  direction: 'ltr',
  viewInBrowser: 'Voir dans le navigateur',
  keepReading: 'Lire la suite',
  watch: 'Regarder',
  by: (names) => `Par ${names}`,
  and: 'et',
  minutes: (count) => `${count} min de lecture`,
  photo: (credit) => `Photo : ${credit}`,
  number: (count) => `N° ${count}`,
  unsubscribe: 'Se désabonner',
  preferences: 'Préférences',
  wentTo: 'Ce message a été envoyé à',
  why: (newsletter) => `Vous le recevez parce que vous êtes abonné à ${newsletter}.`,
  correction: 'Rectificatif',
};

const ar: Words = {
  direction: 'rtl',
  viewInBrowser: 'العرض في المتصفح',
  keepReading: 'تابع القراءة',
  watch: 'شاهد',
  by: (names) => `بقلم ${names}`,
  and: 'و',
  minutes: (count) => `قراءة ${count} د`,
  photo: (credit) => `الصورة: ${credit}`,
  number: (count) => `العدد ${count}`,
  unsubscribe: 'إلغاء الاشتراك',
  preferences: 'التفضيلات',
  wentTo: 'أُرسلت هذه الرسالة إلى',
  why: (newsletter) => `تصلك لأنك مشترك في ${newsletter}.`,
  correction: 'تصحيح',
};

const LANGUAGES: Record<string, Words> = { en, es, fr, ar };
const RIGHT_TO_LEFT = new Set(['ar', 'he', 'fa', 'ur', 'yi', 'ps', 'sd', 'ug', 'dv', 'ckb']);

/** The words of a BCP 47 language; English where we have none, but in that language's direction. */
export function wordsOf(language: string): Words {
  return LANGUAGES[primary(language)] ?? { ...en, direction: directionOf(language) };
}

export function directionOf(language: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.has(primary(language)) ? 'rtl' : 'ltr';
}

function primary(language: string): string {
  return language.split('-')[0]?.toLowerCase() ?? '';
}
