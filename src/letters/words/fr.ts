import type { LettersIn } from './letters.ts';

export const fr: LettersIn = {
  confirm: {
    subject: 'Merci de confirmer : {newsletters}',
    title: 'Un clic, et c’est fait',
    paragraphs: [
      'Quelqu’un, vous sans doute, nous a demandé d’envoyer {newsletters} à cette adresse.',
      'Nous n’envoyons rien avant que vous ayez dit oui.',
    ],
    button: 'Oui, envoyez-la-moi',
    small: [
      'Le lien est valable jusqu’au {until}. Si ce n’était pas vous, ne faites rien : vous n’entendrez plus parler de nous à ce sujet.',
    ],
  },
  known: {
    subject: 'Vous êtes déjà abonné : {newsletters}',
    title: 'Vous êtes déjà abonné',
    paragraphs: [
      'Quelqu’un, vous sans doute, nous a demandé d’envoyer {newsletters} à cette adresse. Vous la recevez déjà.',
    ],
    button: 'Voir ce que vous recevez',
    small: ['Si elle n’arrive pas, regardez dans les courriers indésirables. Si ce n’était pas vous, ne faites rien.'],
  },
  welcome: {
    subject: 'Bienvenue : {newsletters}',
    title: 'Bienvenue',
    paragraphs: [
      'Merci de vous être abonné à {newsletters}.',
      '{promise}',
      'Le prochain numéro vous parviendra dès sa parution.',
    ],
    button: 'Choisir ce que vous recevez, et à quel rythme',
    small: ['Pour vous désabonner : {unsubscribeUrl}'],
  },
  self: {
    subject: 'Le lien que vous avez demandé',
    title: 'Votre lien',
    paragraphs: [
      'Quelqu’un, vous sans doute, a demandé un lien pour changer l’adresse de cet abonnement, télécharger ce que nous en savons ou l’effacer.',
    ],
    button: 'Ouvrir la page',
    small: [
      'Le lien est valable jusqu’au {until}, et il n’est que pour vous : ne le transférez pas. Si ce n’était pas vous, ne faites rien.',
    ],
  },
  'new-address': {
    subject: 'Merci de confirmer votre nouvelle adresse',
    title: 'Est-ce votre nouvelle adresse ?',
    paragraphs: ['Quelqu’un, vous sans doute, veut désormais recevoir nos lettres à cette adresse.'],
    button: 'Oui, utiliser cette adresse',
    small: ['Le lien est valable jusqu’au {until}. Si ce n’était pas vous, ne faites rien.'],
  },
};
