import type { LettersIn } from './letters.ts';

export const es: LettersIn = {
  confirm: {
    subject: 'Confirme, por favor: {newsletters}',
    title: 'Un clic y ya está',
    paragraphs: [
      'Alguien, esperamos que usted, nos pidió que enviáramos {newsletters} a esta dirección.',
      'No enviamos nada hasta que usted diga que sí.',
    ],
    button: 'Sí, quiero recibirlo',
    small: ['El enlace vale hasta el {until}. Si no fue usted, no haga nada: no volverá a saber de nosotros por esto.'],
  },
  known: {
    subject: 'Ya está suscrito: {newsletters}',
    title: 'Ya está suscrito',
    paragraphs: [
      'Alguien, esperamos que usted, nos pidió que enviáramos {newsletters} a esta dirección. Ya lo recibe.',
    ],
    button: 'Ver lo que recibe',
    small: ['Si no le llega, mire en la carpeta de correo no deseado. Si no fue usted, no haga nada.'],
  },
  welcome: {
    subject: 'Le damos la bienvenida a {newsletters}',
    title: 'Le damos la bienvenida',
    paragraphs: [
      'Gracias por suscribirse a {newsletters}.',
      '{promise}',
      'Recibirá el próximo número en cuanto salga.',
    ],
    button: 'Elegir qué recibe y con qué frecuencia',
    small: ['Para darse de baja: {unsubscribeUrl}'],
  },
  self: {
    subject: 'El enlace que ha pedido',
    title: 'Su enlace',
    paragraphs: [
      'Alguien, esperamos que usted, pidió un enlace para cambiar la dirección de esta suscripción, descargar lo que sabemos de ella o borrarla.',
    ],
    button: 'Abrir la página',
    small: ['El enlace vale hasta el {until} y es solo para usted: no lo reenvíe. Si no fue usted, no haga nada.'],
  },
  'new-address': {
    subject: 'Confirme su nueva dirección',
    title: '¿Es esta su nueva dirección?',
    paragraphs: [
      'Alguien, esperamos que usted, quiere recibir nuestros boletines en esta dirección a partir de ahora.',
    ],
    button: 'Sí, usar esta dirección',
    small: ['El enlace vale hasta el {until}. Si no fue usted, no haga nada.'],
  },
};
