import type { LettersIn } from './letters.ts';

export const en: LettersIn = {
  confirm: {
    subject: 'Please confirm: {newsletters}',
    title: 'One click, and you are in',
    paragraphs: [
      'Somebody, we hope you, asked us to send {newsletters} to this address.',
      'We send nothing before you say yes.',
    ],
    button: 'Yes, send it to me',
    small: [
      'The link is good until {until}. If it was not you, do nothing: you will not hear from us again about this.',
    ],
  },
  known: {
    subject: 'You are subscribed already: {newsletters}',
    title: 'You are subscribed already',
    paragraphs: ['Somebody, we hope you, asked us to send {newsletters} to this address. You get it as it is.'],
    button: 'See what you get',
    small: ['If it does not arrive, look into your spam folder. If it was not you, do nothing.'],
  },
  welcome: {
    subject: 'Welcome to {newsletters}',
    title: 'Welcome',
    paragraphs: [
      'Thank you for subscribing to {newsletters}.',
      '{promise}',
      'The next one is on its way to you when it is due.',
    ],
    button: 'Choose what you get, and how often',
    small: ['To leave: {unsubscribeUrl}'],
  },
  self: {
    subject: 'Your link, as you asked',
    title: 'Your link',
    paragraphs: [
      'Somebody, we hope you, asked for a link to change the address of this subscription, to download what we know about it, or to have it erased.',
    ],
    button: 'Open the page',
    small: [
      'The link is good until {until}, and it is for you alone: do not forward it. If it was not you, do nothing.',
    ],
  },
  'new-address': {
    subject: 'Please confirm your new address',
    title: 'Is this your new address?',
    paragraphs: ['Somebody, we hope you, wants to get our newsletters at this address from now on.'],
    button: 'Yes, use this address',
    small: ['The link is good until {until}. If it was not you, do nothing.'],
  },
};
