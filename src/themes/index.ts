export {
  BUILT_IN,
  COLOUR_NAMES,
  type ColourName,
  PLAIN_DESIGN,
  type ThemeDesign,
  type ThemeSource,
  builtInTemplates,
  designSchema,
  themeSource,
} from './theme.ts';
export { type FaintPair, LEAST_CONTRAST, faintPairs, inkOn } from './contrast.ts';
export {
  type KeptTheme,
  designAt,
  getTheme,
  insertTheme,
  insertThemeRevision,
  keepWorking,
  listThemeRevisions,
  listThemes,
  readTheme,
} from './store.ts';
