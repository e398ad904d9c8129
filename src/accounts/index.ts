export { createDeskLink, enterByLink, isDeskSession } from './deskKeys.ts';
